import type { ErrorFacts } from '@tessera/contract';

const table = new Map<string, ErrorFacts>();

/** Every kind of error that is defined so far, by status and code. */
export const errorTable = (): ErrorFacts[] =>
  [...table.values()].sort((a, b) => a.status - b.status || (a.code < b.code ? -1 : 1));

/** An error that a caller sees. What it says is wrong with the request repeats no value of it. */
export abstract class ApiError extends Error {
  abstract readonly facts: ErrorFacts;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>> = {};
  /** A sentence for each thing that is wrong. */
  readonly faults: string[];

  /** @param what is wrong: a sentence, or one for each fault, naming the property */
  constructor(what: string | string[], options?: ErrorOptions) {
    const faults = [what].flat();
    super(faults.join('; '), options);
    this.name = new.target.name;
    this.faults = faults;
  }

  get code(): string {
    return this.facts.code;
  }

  get status(): number {
    return this.facts.status;
  }
}

/**
 * Defines a kind of error, for a class to extend.
 * @throws Error when the code is another kind's
 */
export function defineError(facts: ErrorFacts) {
  if (table.has(facts.code)) throw new Error(`Two kinds of error have the code ${facts.code}`);
  table.set(facts.code, facts);
  return class extends ApiError {
    override readonly facts = facts;
  };
}
