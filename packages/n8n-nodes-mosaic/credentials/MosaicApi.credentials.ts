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
import { wordsOfNetwork } from '../nodes/Transmit/requests/networkFaults';
import { laterBy, LONGEST_WAIT_MS, retryAfterMs } from '../nodes/Transmit/requests/retryAfter';

/** The base URL that a credential points at: the token endpoint and the Users API are below it. */
export function baseUrlOf(credentials: IDataObject): string {
	const { environment, baseUrl } = credentials as { environment?: string; baseUrl?: string };
	const url = environment === 'custom' ? (baseUrl ?? '') : (environment ?? '');
	return url.trim().replace(/\/{1,9}$/, '');
}

/** `baseUrlOf` as an expression, for requests that n8n itself makes with a credential. */
const BASE_URL =
	'={{ ($credentials.environment === "custom" ? $credentials.baseUrl : $credentials.environment).trim().replace(/\\/{1,9}$/, "") }}';

/** Why there is no access token, for those who might ask again. */
export interface TokenRefused {
	status?: number;
	retryable: boolean;
	/** Milliseconds to wait before asking again, when the tenant said. */
	waitMs?: number;
}

/** What ends a request for a token: n8n passes on its message alone, and this beside it. */
class TokenError extends ApplicationError {
	constructor(
		message: string,
		readonly tokenRefused: TokenRefused,
	) {
		super(message, { level: 'warning' });
	}
}

/** Token requests that are under way: executions that start together wait for one token. */
const underWay = new Map<string, Promise<IDataObject>>();
/** A request that was refused with the token before this one gets this one, not yet another. */
const latest = new Map<string, { token: IDataObject; at: number }>();
const LATEST_MS = 5000;
const MOST_LATEST = 100;
/** A tenant that is busy answers within ten seconds. */
const TIMEOUT_MS = 30_000;

async function fetchToken(
	helpers: IHttpRequestHelper['helpers'],
	base: string,
	{ clientId, clientSecret }: ICredentialDataDecryptedObject,
): Promise<IDataObject> {
	let answer: { statusCode: number; headers: IDataObject; body: unknown };
	try {
		answer = (await helpers.httpRequest({
			method: 'POST',
			url: `${base}/oidc/token`,
			headers: { 'content-type': 'application/x-www-form-urlencoded' },
			body: new URLSearchParams({
				grant_type: 'client_credentials',
				client_id: String(clientId),
				client_secret: String(clientSecret),
			}).toString(),
			timeout: TIMEOUT_MS,
			// A redirect would take the client secret elsewhere.
			disableFollowRedirect: true,
			ignoreHttpStatusErrors: true,
			returnFullResponse: true,
			json: false,
		})) as typeof answer;
	} catch (error) {
		const { code } = error as { code?: string };
		throw new TokenError(`Nothing answers at ${base}: ${wordsOfNetwork(code)}`, {
			retryable: code !== 'ENOTFOUND',
		});
	}
	const { statusCode: status, headers, body } = answer;
	if (status >= 300) {
		const waitMs = retryAfterMs(headers['retry-after']);
		const later = waitMs !== undefined && waitMs > LONGEST_WAIT_MS ? laterBy(waitMs) : '';
		throw new TokenError(reasonOf(status, headers.location, base) + later, {
			status,
			retryable: [429, 502, 503, 504].includes(status),
			...(waitMs !== undefined && { waitMs }),
		});
	}
	const accessToken = tokenIn(body);
	if (accessToken === undefined) {
		throw new TokenError(`There is no Mosaic at ${base}: its token endpoint gave no token`, {
			status,
			retryable: false,
		});
	}
	return { accessToken };
}

function tokenIn(body: unknown): string | undefined {
	try {
		const { access_token: token } = (
			typeof body === 'string' ? JSON.parse(body) : body
		) as IDataObject;
		return typeof token === 'string' ? token : undefined;
	} catch {
		return undefined;
	}
}

/** Says what is wrong, in words for whoever fills in the credential. */
function reasonOf(status: number, location: unknown, base: string): string {
	if (status < 400) {
		return `The base URL redirects elsewhere${typeof location === 'string' ? `, to ${location.slice(0, 200)}` : ''}: set it to where the tenant is, since a client secret is sent nowhere else`;
	}
	if (status === 401 || status === 403) return 'The client ID or the client secret is wrong';
	if (status === 400) return 'The client ID or the client secret is missing or malformed';
	if (status === 404) return `There is no Mosaic at ${base}: it has no token endpoint`;
	return `The token endpoint of ${base} answered with HTTP status ${status}`;
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
			placeholder: 'e.g. http://localhost:7070',
			description: 'Where your own tenant answers, such as a Tessera tenant',
			displayOptions: { show: { environment: ['custom'] } },
		},
		{
			displayName: 'Client ID',
			name: 'clientId',
			type: 'string',
			required: true,
			default: '',
			description:
				'Client ID of any application of the tenant. It reaches all users; groups and deleting users want a management application.',
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
			throw new TokenError('The base URL must begin with http:// or https://', {
				retryable: false,
			});
		}
		if (/\/(?:cis|oidc)(?:\/|$)/i.test(base)) {
			throw new TokenError(
				'The base URL must be the address of the tenant alone, without /cis/v1 or another path of its API',
				{ retryable: false },
			);
		}
		const key = JSON.stringify([base, credentials.clientId, credentials.clientSecret]);
		const known = latest.get(key);
		const isNew = known && Date.now() - known.at < LATEST_MS;
		// Another run has got it meanwhile; the very one that was refused is not given again.
		if (isNew && !['', known.token.accessToken].includes(credentials.accessToken as string))
			return known.token;
		let token = underWay.get(key);
		if (!token) {
			token = fetchToken(this.helpers, base, credentials).finally(() => underWay.delete(key));
			underWay.set(key, token);
			const made = await token;
			if (latest.size >= MOST_LATEST) latest.clear();
			latest.set(key, { token: made, at: Date.now() });
		}
		return await token;
	}

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: { headers: { Authorization: '=Bearer {{$credentials.accessToken}}' } },
	};

	test: ICredentialTestRequest = {
		request: { baseURL: BASE_URL, url: '/cis/v1/users/count', disableFollowRedirect: true },
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
