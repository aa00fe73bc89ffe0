import { Refusal } from './refusal';

/** A way in which a request can end without an answer. */
interface Fault {
	/** In words: n8n replaces a message that has the code in it by one that names no URL. */
	words: string;
	/** Whether the tenant may have got the request. */
	sent: boolean;
	/** Whether it can pass. */
	passing: boolean;
}

const FAULTS: Record<string, Fault> = {
	ECONNREFUSED: { words: 'the connection was refused', sent: false, passing: true },
	EAI_AGAIN: { words: 'the host name could not be looked up', sent: false, passing: true },
	ENOTFOUND: { words: 'there is no such host', sent: false, passing: false },
	EHOSTUNREACH: { words: 'the host cannot be reached', sent: false, passing: true },
	ENETUNREACH: { words: 'the network cannot be reached', sent: false, passing: true },
	ECONNRESET: { words: 'the connection was cut', sent: true, passing: true },
	EPIPE: { words: 'the connection was cut', sent: true, passing: true },
	ECONNABORTED: { words: 'it took too long', sent: true, passing: true },
	ETIMEDOUT: { words: 'it took too long', sent: true, passing: true },
	ERR_BAD_RESPONSE: { words: 'the answer was cut off', sent: true, passing: true },
};
const UNKNOWN: Fault = { words: 'the connection failed', sent: true, passing: true };

/** Says in words why there was no answer. @param code that of Node or of the HTTP client, when there is one */
export function wordsOfNetwork(code: string | undefined): string {
	return (FAULTS[code ?? ''] ?? UNKNOWN).words;
}

/** A request to a base URL that had no answer, or half of one. */
export function networkRefusal(base: string, code: string | undefined): Refusal {
	const { words, sent, passing } = FAULTS[code ?? ''] ?? UNKNOWN;
	return new Refusal(
		`Nothing answers at ${base}: ${words}`,
		{ ...(code !== undefined && { code }), retryable: passing },
		{ maybeDone: sent },
	);
}
