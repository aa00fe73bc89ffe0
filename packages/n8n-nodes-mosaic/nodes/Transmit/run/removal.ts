import { attempt, unlessNotFound } from '../requests/refusal';
import type { Sender } from './sender';

/**
 * Takes something away, once: when it is gone after an attempt that nobody knows the end of, that attempt did it.
 * @throws Refusal when it was not there; Cancelled
 */
export async function removeOnce(sender: Sender, path: string): Promise<void> {
	const request = { method: 'DELETE' as const, path };
	const refusal = await attempt(sender.nothing(request, 'harmful'));
	if (!refusal) return;
	if (!refusal.maybeDone || !sender.mayTryAgain(refusal, 1)) throw refusal;
	await sender.backOff(1);
	await unlessNotFound(sender.nothing(request, 'harmless'));
}
