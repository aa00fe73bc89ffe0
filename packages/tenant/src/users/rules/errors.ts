/** A request that its schema allows and a rule forbids. */
export class RuleError extends Error {
  override name = 'RuleError';
  readonly faults: string[];
  /** @param faults a sentence for each fault, naming the attribute */
  constructor(faults: string[]) {
    super(faults.join('; '));
    this.faults = faults;
  }
}
