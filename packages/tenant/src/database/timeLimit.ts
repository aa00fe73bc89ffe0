import { AsyncLocalStorage } from 'node:async_hooks';

const limits = new AsyncLocalStorage<AbortSignal>();

/**
 * Runs work whose statements end with a signal: every query that the work makes, however deep, is cut off when the signal
 * aborts, and none begins after that. So no store function can forget to watch it.
 */
export const withTimeLimit = <T>(signal: AbortSignal, work: () => T): T => limits.run(signal, work);

/** Runs work that is shared, and so must not end with the request that happens to start it. */
export const withoutTimeLimit = <T>(work: () => T): T => limits.exit(work);

/** The signal that the code that runs now ends with; undefined when nothing limits it. */
export const timeLimit = (): AbortSignal | undefined => limits.getStore();

/**
 * Waits for a promise no longer than a signal lets it.
 * @throws the signal's reason, when it aborts first
 */
export function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
