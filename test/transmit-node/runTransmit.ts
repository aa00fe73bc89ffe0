import type { IDataObject, INode, INodeParameters } from 'n8n-workflow';
import { runWorkflow, type OneCredential, type Run } from '../../playground/src/engine.ts';

/**
 * Runs a workflow of two nodes in n8n's engine: the input items, then the Transmit node.
 * @param parameters those of the Transmit node; Update User unless they say otherwise
 */
export function runTransmit(
  credential: OneCredential,
  parameters: INodeParameters,
  input: IDataObject[] = [{}],
  onError: INode['onError'] = 'stopWorkflow',
  { typeVersion = 1.1, cancel }: { typeVersion?: number; cancel?: AbortSignal } = {},
): Promise<Run> {
  const nodes: INode[] = [
    {
      id: '1',
      name: 'Items',
      type: 'n8n-nodes-base.manualTrigger',
      typeVersion: 1,
      position: [0, 0],
      parameters: {},
    },
    {
      id: '2',
      name: 'Transmit',
      type: 'n8n-nodes-mosaic.transmit',
      typeVersion,
      position: [200, 0],
      onError,
      parameters: { resource: 'identityManagement', operation: 'updateUser', ...parameters },
      credentials: { mosaicApi: { id: '1', name: 'Mosaic account' } },
    },
  ];
  const connections = { Items: { main: [[{ node: 'Transmit', type: 'main' as const, index: 0 }]] } };
  return runWorkflow({ nodes, connections }, credential, input, cancel);
}
