import { StartError } from '../startError.ts';

/** @throws StartError when the operator has asked to stop */
export function goOn(signal: AbortSignal): void {
  if (signal.aborted) throw new StartError('Stopped before the end: nothing was written.');
}
