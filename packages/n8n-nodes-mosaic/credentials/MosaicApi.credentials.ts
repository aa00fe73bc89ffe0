import type {
	IAuthenticateGeneric,
	ICredentialDataDecryptedObject,
	ICredentialTestRequest,
	ICredentialType,
	IDataObject,
	IHttpRequestHelper,
	INodeProperties,
	Themed,
	IconFile,
} from 'n8n-workflow';
import { ApplicationError } from 'n8n-workflow';

/** The base URL that a credential points at: the token endpoint and the Users API are below it. */
export function baseUrlOf(credentials: IDataObject): string {
	const { environment, baseUrl } = credentials as { environment?: string; baseUrl?: string };
	const url = environment === 'custom' ? (baseUrl ?? '') : (environment ?? '');
	return url.trim().replace(/\/+$/, '');
}

/** `baseUrlOf` as an expression, for requests that n8n itself makes with a credential. */
const BASE_URL =
	'={{ ($credentials.environment === "custom" ? $credentials.baseUrl : $credentials.environment).trim().replace(/\\/+$/, "") }}';

/** Token requests that are under way: executions that start together wait for one token. */
const underWay = new Map<string, Promise<IDataObject>>();

async function fetchToken(
	helpers: IHttpRequestHelper['helpers'],
	base: string,
	{ clientId, clientSecret }: ICredentialDataDecryptedObject,
): Promise<IDataObject> {
	try {
		const answer = (await helpers.httpRequest({
			method: 'POST',
			url: `${base}/oidc/token`,
			headers: { 'content-type': 'application/x-www-form-urlencoded' },
			body: new URLSearchParams({
				grant_type: 'client_credentials',
				client_id: String(clientId),
				client_secret: String(clientSecret),
			}).toString(),
			json: false,
		})) as string | IDataObject;
		const { access_token: accessToken } =
			typeof answer === 'string' ? (JSON.parse(answer) as IDataObject) : answer;
		if (typeof accessToken !== 'string') throw new SyntaxError('no access_token in the answer');
		return { accessToken };
	} catch (error) {
		throw new ApplicationError(reasonOf(error as Error, base), { level: 'warning' });
	}
}

// In words: n8n replaces a message that has one of these codes in it by one that names no URL.
const CONNECTION_FAULTS: Record<string, string> = {
	ECONNREFUSED: 'the connection was refused',
	ECONNRESET: 'the connection was cut',
	ECONNABORTED: 'it took too long',
	ENOTFOUND: 'there is no such host',
	EAI_AGAIN: 'the host name could not be looked up',
	ETIMEDOUT: 'it took too long',
};

/** Says what is wrong, in words for whoever fills in the credential. */
function reasonOf(error: Error, base: string): string {
	const { response, code } = error as Error & { response?: { status?: number }; code?: string };
	const status = response?.status;
	if (status === 401 || status === 403) return 'The client ID or the client secret is wrong';
	if (status === 400) return 'The client ID or the client secret is missing or malformed';
	if (status === 404) return `There is no Mosaic at ${base}: it has no token endpoint`;
	if (status) return `The token endpoint of ${base} answered with HTTP status ${status}`;
	if (error instanceof SyntaxError) {
		return `There is no Mosaic at ${base}: its token endpoint gave no token`;
	}
	return `Nothing answers at ${base}: ${CONNECTION_FAULTS[code ?? ''] ?? 'the connection failed'}`;
}

export class MosaicApi implements ICredentialType {
	name = 'mosaicApi';

	displayName = 'Mosaic API';

	icon: Themed<IconFile> = {
		light: 'file:../icons/mosaic.svg',
		dark: 'file:../icons/mosaic.dark.svg',
	};

	documentationUrl = 'https://github.com/tessera-identity/tessera#connect-to-mosaic-itself';

	properties: INodeProperties[] = [
		{
			displayName: 'Environment',
			name: 'environment',
			type: 'options',
			options: [
				{ name: 'US', value: 'https://api.transmitsecurity.io' },
				{ name: 'EU', value: 'https://api.eu.transmitsecurity.io' },
				{ name: 'CA', value: 'https://api.ca.transmitsecurity.io' },
				{ name: 'AU', value: 'https://api.au.transmitsecurity.io' },
				{ name: 'Sandbox', value: 'https://api.sbx.transmitsecurity.io' },
				{ name: 'Custom URL', value: 'custom' },
			],
			default: 'https://api.transmitsecurity.io',
			description: 'Where your Mosaic tenant lives',
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			required: true,
			default: '',
			placeholder: 'http://localhost:7070',
			description: 'Where your own tenant answers, such as a Tessera tenant',
			displayOptions: { show: { environment: ['custom'] } },
		},
		{
			displayName: 'Client ID',
			name: 'clientId',
			type: 'string',
			required: true,
			default: '',
			description: 'Client ID of any application of the tenant; it reaches the whole tenant',
		},
		{
			displayName: 'Client Secret',
			name: 'clientSecret',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
		},
		{
			displayName: 'Access Token',
			name: 'accessToken',
			type: 'hidden',
			typeOptions: { expirable: true, password: true },
			default: '',
		},
	];

	/** Gets an access token; n8n calls it when there is none yet, or the one it kept was refused with 401. */
	async preAuthentication(
		this: IHttpRequestHelper,
		credentials: ICredentialDataDecryptedObject,
	): Promise<IDataObject> {
		const base = baseUrlOf(credentials);
		if (!/^https?:\/\/./i.test(base)) {
			throw new ApplicationError('The base URL must begin with http:// or https://', {
				level: 'warning',
			});
		}
		const key = JSON.stringify([base, credentials.clientId, credentials.clientSecret]);
		let token = underWay.get(key);
		if (!token) {
			token = fetchToken(this.helpers, base, credentials).finally(() => underWay.delete(key));
			underWay.set(key, token);
		}
		return await token;
	}

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: { headers: { Authorization: '=Bearer {{$credentials.accessToken}}' } },
	};

	test: ICredentialTestRequest = {
		request: { baseURL: BASE_URL, url: '/cis/v1/users/count' },
		rules: [
			{
				type: 'responseCode',
				properties: {
					value: 401,
					message: 'The Users API refused the access token that these credentials gave',
				},
			},
			{
				type: 'responseCode',
				properties: { value: 403, message: 'These credentials may not read users' },
			},
			{
				type: 'responseCode',
				properties: { value: 404, message: 'There is no Users API at this URL' },
			},
		],
	};
}
