import type {
	ICredentialDataDecryptedObject,
	IDataObject,
	IExecuteFunctions,
	IHttpRequestMethods,
	IHttpRequestOptions,
	ILoadOptionsFunctions,
} from 'n8n-workflow';
import { baseUrlOf, type TokenRefused } from '../../../credentials/MosaicApi.credentials';
import type { Answer } from './answer';
import { networkRefusal } from './networkFaults';
import { Cancelled, Refusal } from './refusal';

const CREDENTIAL = 'mosaicApi';
/** Tenants answer within 10 s; a request that waits longer waits in vain. */
const TIMEOUT_MS = 60_000;

export interface Request {
	method: IHttpRequestMethods;
	/** Below the base URL, each part of it percent-encoded. */
	path: string;
	query?: IDataObject;
	headers?: Record<string, string>;
	body?: IDataObject;
}

/** The credential of a run, read once: all requests share it, and the access token that it holds. */
export class Account {
	readonly base: string;

	/** Whether the tenant is one of the user's own, and not the vendor's cloud. */
	readonly isCustom: boolean;

	/** Why there is no access token, and will be none. */
	private refused: Refusal | undefined;

	private constructor(
		private readonly context: IExecuteFunctions | ILoadOptionsFunctions,
		private readonly credentials: ICredentialDataDecryptedObject,
	) {
		this.base = baseUrlOf(credentials);
		this.isCustom = credentials.environment === 'custom';
	}

	static async open(context: IExecuteFunctions | ILoadOptionsFunctions): Promise<Account> {
		return new Account(context, await context.getCredentials(CREDENTIAL));
	}

	/**
	 * Sends a request once, and gives any answer of the tenant's whatever its status. No redirect is followed: it would take
	 * the access token, and what is sent, elsewhere.
	 * @throws Refusal when there is no answer, or the token is refused; Cancelled
	 */
	async send({ method, path, query, headers, body }: Request): Promise<Answer> {
		const options: IHttpRequestOptions = {
			method,
			url: this.base + path,
			json: true,
			timeout: TIMEOUT_MS,
			disableFollowRedirect: true,
			returnFullResponse: true,
			...(query && { qs: query }),
			...(headers && { headers }),
			...(body && { body }),
		};
		// 401 stays an error: n8n then asks for a new token, and sends the request again.
		const answer = await this.request({
			...options,
			ignoreHttpStatusErrors: { ignore: true, except: [401] },
		});
		// Older versions of n8n let it pass with the others.
		return answer.statusCode === 401 ? await this.request(options) : answer;
	}

	private async request(options: IHttpRequestOptions): Promise<Answer> {
		const { context } = this;
		if (this.refused) throw this.refused;
		try {
			return (await context.helpers.httpRequestWithAuthentication.call(
				context,
				CREDENTIAL,
				options,
				// The same object each time: a token that is renewed is so for all.
				{ credentialsDecrypted: { id: '', name: '', type: CREDENTIAL, data: this.credentials } },
			)) as Answer;
		} catch (error) {
			throw this.failureOf(error as Thrown);
		}
	}

	private failureOf({ httpCode, message, cause }: Thrown): Refusal | Cancelled {
		if (isCancelled(this.context)) return new Cancelled();
		const { code, tokenRefused } = cause ?? {};
		// What the credential says of a token that it could not get.
		if (tokenRefused) {
			const refusal = new Refusal(message, tokenRefused, tokenRefused);
			// Asking again for each item would look like guessing, and be locked out for it.
			if (!tokenRefused.retryable) this.refused = refusal;
			return refusal;
		}
		if (httpCode === '401') {
			return new Refusal('The tenant refused the access token that these credentials gave', {
				status: 401,
				retryable: false,
			});
		}
		return networkRefusal(this.base, code);
	}
}

/** What n8n throws in place of an answer. */
interface Thrown extends Error {
	httpCode?: string | null;
	cause?: Error & { code?: string; tokenRefused?: TokenRefused };
}

function isCancelled(context: IExecuteFunctions | ILoadOptionsFunctions): boolean {
	return (
		'getExecutionCancelSignal' in context && context.getExecutionCancelSignal()?.aborted === true
	);
}
