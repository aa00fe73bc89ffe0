import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';
import * as listSearch from './methods/listSearch';
import * as resourceMapping from './methods/resourceMapping';
import { operationOf, properties } from './operations';
import { execute } from './run/execute';
import { Run } from './run/run';

export class Transmit implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Transmit',
		name: 'transmit',
		icon: { light: 'file:../../icons/mosaic.svg', dark: 'file:../../icons/mosaic.dark.svg' },
		group: ['transform'],
		version: [1, 1.1],
		defaultVersion: 1.1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description: 'Manage the users and groups of a Mosaic tenant',
		defaults: { name: 'Transmit' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'mosaicApi', required: true }],
		properties,
	};

	methods = { listSearch, resourceMapping };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const resource = this.getNodeParameter('resource', 0) as string;
		const name = this.getNodeParameter('operation', 0) as string;
		const operation = operationOf(resource, name);
		if (!operation) {
			throw new NodeOperationError(
				this.getNode(),
				`There is no operation "${name}" of "${resource}"`,
			);
		}
		return [await execute(await Run.start(this, operation), operation)];
	}
}
