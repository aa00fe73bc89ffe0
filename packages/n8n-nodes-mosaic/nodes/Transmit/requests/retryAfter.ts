/** How long a run waits when it is told to; whoever says more is asked another time. */
export const LONGEST_WAIT_MS = 5 * 60 * 1000;

/** Retry-After in milliseconds: seconds, or a date (RFC 9110, 10.2.3); undefined when it is neither. */
export function retryAfterMs(header: unknown): number | undefined {
	const text =
		typeof header === 'string' || typeof header === 'number' ? String(header).trim() : '';
	const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
	return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}

/** Says how long to wait, where nobody waits for it. */
export const laterBy = (ms: number): string => {
	const minutes = Math.ceil(ms / 60_000);
	return ` (it says to try again in ${minutes.toLocaleString('en-US')} minutes)`;
};
