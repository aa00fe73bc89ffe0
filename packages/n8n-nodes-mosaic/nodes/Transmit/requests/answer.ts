import type { IDataObject } from 'n8n-workflow';
import { Refusal } from './refusal';
import { laterBy, LONGEST_WAIT_MS, retryAfterMs } from './retryAfter';

/** An answer as n8n gives it: the body parsed when it is JSON. */
export interface Answer {
	statusCode: number;
	headers: Record<string, string | undefined>;
	body: unknown;
}

/** Those that a proxy or a busy tenant gives, and that may be gone in a moment. */
const PASSING = [429, 502, 503, 504];
/** How long to wait when a busy tenant does not say. */
const BUSY_MS = 1000;

/**
 * Tells whether an answer is a success of the tenant's.
 * @throws Refusal in the tenant's words, or ours where there are none
 */
export function checkStatus({ statusCode, headers, body }: Answer): void {
	if (statusCode >= 200 && statusCode < 300) return;
	const requestId = headers['x-request-id'];
	if (statusCode >= 300 && statusCode < 400) {
		throw new Refusal(
			`The tenant redirects to ${originOf(headers.location)}, which is not followed, since it would get the access token: set the base URL of the credential to where the tenant is`,
			{ status: statusCode, requestId, retryable: false },
		);
	}
	const faults = faultsOf(body);
	const [first = `The tenant answered with HTTP status ${statusCode}`, ...more] = faults;
	const code = headers['x-error-code'] ?? codeOf(body);
	const waitMs =
		statusCode === 429 || statusCode === 503
			? (retryAfterMs(headers['retry-after']) ?? BUSY_MS)
			: undefined;
	const later = waitMs !== undefined && waitMs > LONGEST_WAIT_MS ? laterBy(waitMs) : '';
	throw new Refusal(
		(more.length > 0 ? `${first} (and ${more.length} more)` : first) + later,
		{
			status: statusCode,
			...(code !== undefined && { code }),
			faults,
			...(requestId !== undefined && { requestId }),
			retryable: PASSING.includes(statusCode),
		},
		{
			// Of a limit of requests it is known that nothing was done, and of passwords that wait to be hashed.
			maybeDone: statusCode >= 500 && code !== 'hashing_busy',
			...(waitMs !== undefined && { waitMs }),
		},
	);
}

/** The body of a success. @throws Refusal when it is nothing that the Users API gives */
function resultOf({ statusCode, body }: Answer): unknown {
	const { result } = (isObject(body) ? body : {}) as { result?: unknown };
	if (result === undefined || result === null) throw notTheTenant(statusCode);
	return result;
}

/** The one object of a success, such as a user. @throws Refusal when it is none */
export function objectOf(answer: Answer): IDataObject {
	const result = resultOf(answer);
	if (!isObject(result) || Object.keys(result).length === 0) throw notTheTenant(answer.statusCode);
	return result as IDataObject;
}

/** The objects of a page. @throws Refusal when it is none */
export function listOf(answer: Answer): IDataObject[] {
	const result = resultOf(answer);
	if (!Array.isArray(result)) throw notTheTenant(answer.statusCode);
	return result as IDataObject[];
}

/** A success without a body; a page of a proxy's is none. @throws Refusal */
export function nothingOf({ statusCode, body }: Answer): void {
	if (typeof body === 'string' && body.trim() !== '') throw notTheTenant(statusCode);
}

const notTheTenant = (status: number): Refusal =>
	new Refusal(
		`The answer (HTTP status ${status}) is not one of the Users API: check the base URL of the credential, and whether a proxy answers in place of the tenant`,
		{ status, retryable: false },
		{ maybeDone: true },
	);

const isObject = (value: unknown): value is object =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

/** The sentences of an error body, of whatever shape it is. */
export function faultsOf(body: unknown): string[] {
	if (!isObject(body)) return [];
	const { message, error_description: description, error } = body as IDataObject;
	for (const said of [message, description, error]) {
		const sentences = [said].flat().filter((part) => typeof part === 'string' && part !== '');
		if (sentences.length > 0) return sentences as string[];
		if (isObject(said)) return [JSON.stringify(said).slice(0, 500)];
	}
	return [];
}

function codeOf(body: unknown): string | undefined {
	const { ts_error_code: code, error_code: number } = (isObject(body) ? body : {}) as IDataObject;
	const said = code ?? number;
	return typeof said === 'string' ? said : undefined;
}

/** The origin alone: the rest of an address may hold what is nobody's business. */
function originOf(location: string | undefined): string {
	try {
		return new URL(location ?? '').origin;
	} catch {
		return 'another address';
	}
}
