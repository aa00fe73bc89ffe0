import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { RunnableWorkflow } from './engine.ts';
import type { Stored } from './n8n.ts';

const EXAMPLE = path.resolve(import.meta.dirname, '../../examples/update-a-user.json');

/** ID of the credential that the example workflow names. */
export const CREDENTIAL_ID = 'tesseraMosaicAcct';

/** The workflow "Update a user", for one user. */
export async function exampleWorkflow(userId: string): Promise<Stored & RunnableWorkflow> {
  const text = await readFile(EXAMPLE, 'utf8');
  const workflow = JSON.parse(text) as Stored & RunnableWorkflow;
  const node = workflow.nodes.find(({ type }) => type === 'n8n-nodes-mosaic.transmit')!;
  node.parameters.userId = { __rl: true, mode: 'id', value: userId };
  return workflow;
}
