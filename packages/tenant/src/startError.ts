/** Why the tenant cannot start, in a sentence for the operator: shown without a stack trace. */
export class StartError extends Error {
  override name = 'StartError';
}
