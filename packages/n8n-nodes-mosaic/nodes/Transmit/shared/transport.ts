import type { IDataObject, IExecuteFunctions, IHttpRequestMethods } from 'n8n-workflow';
import { baseUrlOf } from '../../../credentials/MosaicApi.credentials';

/**
 * Sends a request to the Users API as the node's credential.
 * @param path below the base URL, each part of it percent-encoded
 * @returns the body of the answer
 * @throws NodeApiError when the tenant refuses or does not answer
 */
export async function sendRequest<Answer>(
	this: IExecuteFunctions,
	itemIndex: number,
	method: IHttpRequestMethods,
	path: string,
	body?: IDataObject,
): Promise<Answer> {
	const credentials = await this.getCredentials('mosaicApi', itemIndex);
	return (await this.helpers.httpRequestWithAuthentication.call(this, 'mosaicApi', {
		method,
		url: baseUrlOf(credentials) + path,
		body,
		json: true,
	})) as Answer;
}
