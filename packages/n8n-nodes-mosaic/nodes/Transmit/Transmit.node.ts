import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';
import * as identityManagement from './resources/identityManagement';
import { updateUser } from './resources/identityManagement/updateUser';
import { asNodeError } from './shared/errors';

export class Transmit implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Transmit',
		name: 'transmit',
		icon: { light: 'file:../../icons/mosaic.svg', dark: 'file:../../icons/mosaic.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description: 'Manage the users of a Mosaic tenant',
		defaults: { name: 'Transmit' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'mosaicApi', required: true }],
		properties: [
			{
				displayName: 'Resource',
				name: 'resource',
				type: 'options',
				noDataExpression: true,
				options: [{ name: 'Identity Management', value: 'identityManagement' }],
				default: 'identityManagement',
			},
			...identityManagement.description,
		],
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const items = this.getInputData();
		const results: INodeExecutionData[] = [];
		// One after another: the first item gets the access token, and the others use it.
		for (let itemIndex = 0; itemIndex < items.length; itemIndex += 1) {
			try {
				const operation = this.getNodeParameter('operation', itemIndex) as string;
				if (operation !== 'updateUser') {
					throw new NodeOperationError(this.getNode(), `There is no operation "${operation}"`);
				}
				const json = await updateUser.call(this, itemIndex);
				results.push({ json, pairedItem: { item: itemIndex } });
			} catch (caught) {
				const error = asNodeError(this.getNode(), caught as Error, itemIndex);
				if (!this.continueOnFail()) throw error;
				// No `error` beside it: n8n would drop what the item brought from the error output.
				results.push({ json: { error: error.message }, pairedItem: { item: itemIndex } });
			}
		}
		return [results];
	}
}
