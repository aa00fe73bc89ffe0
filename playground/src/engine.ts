import { createRequire } from 'node:module';
import type {
  IConnections,
  ICredentialDataDecryptedObject,
  ICredentialType,
  IDataObject,
  IHttpRequestHelper,
  IHttpRequestOptions,
  INode,
  INodeExecutionData,
  INodeType,
  INodeTypes,
  IWorkflowExecuteAdditionalData,
  NodeApiError,
  Workflow as N8nWorkflow,
} from 'n8n-workflow';

// n8n is CommonJS, and so is the built node: both are loaded as n8n itself loads them.
// Errors are told to the tests, which look at them.
process.env.N8N_LOG_LEVEL = 'silent';
// From the root, for the node is loaded there: the playground has another n8n, once it is installed.
const require = createRequire(new URL('../../package.json', import.meta.url));
require('reflect-metadata');
const { WorkflowExecute, ExecutionLifecycleHooks } = require('n8n-core') as typeof import('n8n-core');
const { Workflow, ICredentialsHelper } = require('n8n-workflow') as typeof import('n8n-workflow');
const { Transmit } = require('./packages/n8n-nodes-mosaic/dist/nodes/Transmit/Transmit.node.js') as {
  Transmit: new () => INodeType;
};
const { MosaicApi } = require('./packages/n8n-nodes-mosaic/dist/credentials/MosaicApi.credentials.js') as {
  MosaicApi: new () => ICredentialType;
};

export const credentialType = new MosaicApi();
export const transmit = new Transmit();

/** Stands for the trigger: gives the input items. */
const triggerOf = (items: IDataObject[]): INodeType => ({
  description: {
    displayName: 'Trigger',
    name: 'manualTrigger',
    group: ['trigger'],
    version: 1,
    description: '',
    defaults: {},
    inputs: [],
    outputs: ['main'],
    properties: [],
  },
  execute: () => Promise.resolve([items.map((json) => ({ json, pairedItem: { item: 0 } }))]),
});

function nodeTypesWith(trigger: INodeType): INodeTypes {
  const types: Record<string, INodeType> = {
    'n8n-nodes-base.manualTrigger': trigger,
    'n8n-nodes-mosaic.transmit': transmit,
  };
  const find = (name: string): INodeType => types[name]!;
  return { getByName: find, getByNameAndVersion: find, getKnownTypes: () => ({}) };
}

/**
 * Keeps one credential, as n8n's database would. The calls, and when a token is asked for, are those of n8n's own helper;
 * that one needs a whole n8n, and is tried by the end-to-end tests.
 */
export class OneCredential extends ICredentialsHelper {
  data: ICredentialDataDecryptedObject;
  constructor(data: ICredentialDataDecryptedObject) {
    super();
    this.data = { accessToken: '', ...data };
  }
  getParentTypes = () => [];
  isCredentialUsableByNode = () => true;
  getCredentialsProperties = () => credentialType.properties;
  getDecrypted = () => Promise.resolve({ ...this.data });
  getCredentials = (): never => {
    throw new Error('not asked for by the engine');
  };
  updateCredentials = () => Promise.resolve();
  updateCredentialsOauthTokenData = () => Promise.resolve();
  runPreAuthentication = () => Promise.resolve(undefined);

  async preAuthentication(
    helpers: IHttpRequestHelper,
    credentials: ICredentialDataDecryptedObject,
    _type: string,
    _node: INode,
    expired: boolean,
  ): Promise<ICredentialDataDecryptedObject | undefined> {
    if (credentials.accessToken !== '' && !expired) return undefined;
    const output = await credentialType.preAuthentication!.call(helpers, credentials);
    Object.assign(this.data, output);
    return Object.assign(credentials, output);
  }

  authenticate(
    credentials: ICredentialDataDecryptedObject,
    _type: string,
    options: IHttpRequestOptions,
    workflow?: N8nWorkflow,
    node?: INode,
  ): Promise<IHttpRequestOptions> {
    const { headers } = (credentialType.authenticate as { properties: { headers: Record<string, string> } }).properties;
    const resolved = Object.entries(headers).map(([name, value]) => [
      name,
      workflow!.expression.getSimpleParameterValue(node!, value, 'internal', {
        $credentials: credentials,
      }),
    ]);
    return Promise.resolve({
      ...options,
      headers: { ...options.headers, ...(Object.fromEntries(resolved) as IDataObject) },
    });
  }
}

/** What the last node that ran gave, and the error that the run ended with, when it did. */
export interface Run {
  items: INodeExecutionData[];
  /** The items of n8n's error output. */
  failed: INodeExecutionData[];
  error: (NodeApiError & { description?: string }) | undefined;
  /** What the last node told about its run. */
  hints: string[];
}

/** The part of a workflow that the engine needs: a manual trigger, and Transmit nodes. */
export interface RunnableWorkflow {
  name?: string;
  nodes: INode[];
  connections: IConnections;
}

/**
 * Runs a workflow in n8n's own execution engine, without the rest of n8n.
 * @param input the items that the trigger gives
 * @param cancel cancels the execution, as the button in the editor does
 */
export async function runWorkflow(
  { name, nodes, connections }: RunnableWorkflow,
  credential: OneCredential,
  input: IDataObject[] = [{}],
  cancel?: AbortSignal,
): Promise<Run> {
  const nodeTypes = nodeTypesWith(triggerOf(input));
  const workflow = new Workflow({ id: 'w', name, nodes, connections, active: false, nodeTypes });
  const additionalData = {
    credentialsHelper: credential,
    currentNodeExecutionIndex: 0,
    variables: {},
    webhookWaitingBaseUrl: 'http://localhost/webhook-waiting',
    formWaitingBaseUrl: 'http://localhost/form-waiting',
    hooks: new ExecutionLifecycleHooks('manual', '1', { ...workflow, nodes, connections } as never),
  } as unknown as IWorkflowExecuteAdditionalData;
  const engine = new WorkflowExecute(additionalData, 'manual');
  const trigger = nodes.find(({ type }) => type === 'n8n-nodes-base.manualTrigger')!;
  const running = engine.run({ workflow, startNode: workflow.getNode(trigger.name)! });
  cancel?.addEventListener('abort', () => running.cancel());
  const { data } = await running;
  const { runData, lastNodeExecuted, error } = data.resultData;
  const last = runData[lastNodeExecuted ?? '']?.[0];
  const [items, failed] = last?.data?.main ?? [];
  const hints = (last?.hints ?? []).map(({ message }) => message);
  return { items: items ?? [], failed: failed ?? [], error: error as Run['error'], hints };
}
