import { createRequire } from 'node:module';
import type {
  ICredentialDataDecryptedObject,
  ICredentialType,
  IDataObject,
  IHttpRequestHelper,
  IHttpRequestOptions,
  INode,
  INodeExecutionData,
  INodeParameters,
  INodeType,
  INodeTypes,
  IWorkflowExecuteAdditionalData,
  NodeApiError,
  Workflow as N8nWorkflow,
} from 'n8n-workflow';

// n8n is CommonJS, and so is the built node: both are loaded as n8n itself loads them.
// Errors are told to the tests, which look at them.
process.env.N8N_LOG_LEVEL = 'silent';
const require = createRequire(import.meta.url);
require('reflect-metadata');
const { WorkflowExecute, ExecutionLifecycleHooks } = require('n8n-core') as typeof import('n8n-core');
const { Workflow, ICredentialsHelper } = require('n8n-workflow') as typeof import('n8n-workflow');
const { Transmit } = require('../../packages/n8n-nodes-mosaic/dist/nodes/Transmit/Transmit.node.js') as {
  Transmit: new () => INodeType;
};
const { MosaicApi } = require('../../packages/n8n-nodes-mosaic/dist/credentials/MosaicApi.credentials.js') as {
  MosaicApi: new () => ICredentialType;
};

export const credentialType = new MosaicApi();
export const transmit = new Transmit();

/** A node that gives the input items. */
const sourceOf = (items: IDataObject[]): INodeType => ({
  description: {
    displayName: 'Source',
    name: 'source',
    group: ['input'],
    version: 1,
    description: '',
    defaults: {},
    inputs: [],
    outputs: ['main'],
    properties: [],
  },
  execute: () => Promise.resolve([items.map((json) => ({ json, pairedItem: { item: 0 } }))]),
});

function nodeTypesWith(source: INodeType): INodeTypes {
  const types: Record<string, INodeType> = { source, transmit };
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

/** What a run gave: the node's outputs, and the error it ended with, when it did. */
export interface Run {
  items: INodeExecutionData[];
  /** The items of n8n's error output. */
  failed: INodeExecutionData[];
  error: (NodeApiError & { description?: string }) | undefined;
}

/**
 * Runs a workflow of two nodes in n8n's engine: the input items, then the Transmit node.
 * @param parameters those of the Transmit node
 */
export async function runTransmit(
  credential: OneCredential,
  parameters: INodeParameters,
  input: IDataObject[] = [{}],
  onError: INode['onError'] = 'stopWorkflow',
): Promise<Run> {
  const nodes: INode[] = [
    { id: '1', name: 'Items', type: 'source', typeVersion: 1, position: [0, 0], parameters: {} },
    {
      id: '2',
      name: 'Transmit',
      type: 'transmit',
      typeVersion: 1,
      position: [200, 0],
      onError,
      parameters: { resource: 'identityManagement', operation: 'updateUser', ...parameters },
      credentials: { mosaicApi: { id: '1', name: 'Mosaic account' } },
    },
  ];
  const connections = {
    Items: { main: [[{ node: 'Transmit', type: 'main' as const, index: 0 }]] },
  };
  const workflow = new Workflow({
    id: 'w',
    nodes,
    connections,
    active: false,
    nodeTypes: nodeTypesWith(sourceOf(input)),
  });
  const additionalData = {
    credentialsHelper: credential,
    currentNodeExecutionIndex: 0,
    variables: {},
    webhookWaitingBaseUrl: 'http://localhost/webhook-waiting',
    formWaitingBaseUrl: 'http://localhost/form-waiting',
    hooks: new ExecutionLifecycleHooks('manual', '1', { ...workflow, nodes, connections } as never),
  } as unknown as IWorkflowExecuteAdditionalData;
  const engine = new WorkflowExecute(additionalData, 'manual');
  const { data } = await engine.run({ workflow, startNode: workflow.getNode('Items')! });
  const [items = [], failed = []] = data.resultData.runData.Transmit?.[0]?.data?.main ?? [];
  return { items: items ?? [], failed: failed ?? [], error: data.resultData.error as Run['error'] };
}
