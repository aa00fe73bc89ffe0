import { AsyncLocalStorage } from 'node:async_hooks';

const limits = new AsyncLocalStorage<TimeLimit>();

/**
 * What work ends with, such as a request's time or its client. It does what an `AbortSignal` does, and is lighter: every request
 * has one, and few ever need a signal.
 */
export class TimeLimit {
  #reason: Error | undefined;
  #listeners: (() => void)[] = [];
  #controller: AbortController | undefined;

  /** Why it is over; undefined as long as it is not. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  /** Ends what runs under it; a second time is none. */
  end(reason: Error): void {
    if (this.#reason) return;
    this.#reason = reason;
    for (const listener of [...this.#listeners]) listener();
  }

  /** @throws the reason, when it is over */
  throwIfOver(): void {
    if (this.#reason) throw this.#reason;
  }

  onEnd(listener: () => void): void {
    this.#listeners.push(listener);
  }

  offEnd(listener: () => void): void {
    const place = this.#listeners.lastIndexOf(listener);
    if (place >= 0) this.#listeners.splice(place, 1);
  }

  /** For what takes a signal: made when it is asked for. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      const controller = (this.#controller = new AbortController());
      const abort = (): void => controller.abort(this.#reason);
      if (this.#reason) abort();
      else this.onEnd(abort);
    }
    return this.#controller.signal;
  }

  /**
   * Waits for a promise no longer than this lets it.
   * @throws the reason, when it is over first
   */
  until<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const give = (): void => reject(this.#reason!);
      if (this.#reason) give();
      else this.onEnd(give);
      promise.then(
        (value) => {
          this.offEnd(give);
          resolve(value);
        },
        (error: Error) => {
          this.offEnd(give);
          reject(error);
        },
      );
    });
  }
}

/**
 * Runs work whose statements end with a limit: every query that the work makes, however deep, is cut off when it is over, and
 * none begins after that. So no store function can forget to watch it.
 */
export const withTimeLimit = <T>(limit: TimeLimit, work: () => T): T => limits.run(limit, work);

/**
 * Runs work that may take so long, and waits no longer for it.
 * @param reason gives what it fails with after that
 */
export async function withinMs<T>(ms: number, reason: () => Error, work: () => Promise<T>): Promise<T> {
  const limit = new TimeLimit();
  const timer = setTimeout(() => limit.end(reason()), ms);
  try {
    return await limit.until(withTimeLimit(limit, work));
  } finally {
    clearTimeout(timer);
  }
}

/** Runs work that is shared, and so must not end with the request that happens to start it. */
export const withoutTimeLimit = <T>(work: () => T): T => limits.exit(work);

/** The limit that the code that runs now ends with; undefined when nothing limits it. */
export const timeLimit = (): TimeLimit | undefined => limits.getStore();
