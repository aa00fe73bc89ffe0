/** Members of requests and answers that are secrets, by their names. */
const NAMES =
  /^(?:password|new_password|current_password|client_secret|access_token|id_token|refresh_token|reset_token|passcode|approval_data|private_key)$/;
/** Shorter ones stand in a log by chance, and so do those that are a part of a longer number or word. */
const LEAST_LENGTH = 6;
const standsIn = (secret: string, text: string): boolean =>
  text
    .split(secret)
    .some(
      (before, part, parts) => part + 1 < parts.length && !/[\w-]$/.test(before) && !/^[\w-]/.test(parts[part + 1]!),
    );

/** The secrets of this run. */
const secrets = new Set<string>();

/** Remembers every secret in what is sent or answered. */
export function noteSecrets(body: unknown): void {
  if (typeof body !== 'object' || body === null) return;
  for (const [name, value] of Object.entries(body)) {
    if (typeof value === 'string' && NAMES.test(name) && value.length >= LEAST_LENGTH) secrets.add(value);
    else noteSecrets(value);
  }
}

/** @throws Error when what was logged has a secret of the run in it */
export function expectNoSecret(logged: string): void {
  for (const secret of secrets) {
    if (!standsIn(secret, logged)) continue;
    const line = logged.split('\n').find((one) => standsIn(secret, one));
    throw new Error(`A secret stands in the log: ${secret}, in ${line}`);
  }
}
