import { randomBytes } from 'node:crypto';

/** What a client authenticates itself with (RFC 6749, 2.3.1). */
export interface ClientCredentials {
  clientId: string;
  clientSecret: string;
}

/** The fewest characters of a client secret. Those that the tenant makes up have 43, which is 256 bits. */
const CLIENT_SECRET_MIN_LENGTH = 12;

export const newClientSecret = (): string => randomBytes(32).toString('base64url');

/** Why a client secret is too easily guessed, as what follows its name; undefined when it is not. */
export function secretFault({ clientId, clientSecret }: ClientCredentials): string | undefined {
  if (clientSecret.length < CLIENT_SECRET_MIN_LENGTH) {
    return `must have at least ${CLIENT_SECRET_MIN_LENGTH} characters`;
  }
  if (new Set(clientSecret).size < 5) return 'must have more than a few different characters';
  if (clientSecret === clientId) return 'must not be the client ID';
  return undefined;
}
