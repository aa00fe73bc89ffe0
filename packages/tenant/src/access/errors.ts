import { GRANT_TYPES } from '@tessera/contract';
import { defineError } from '../errors.ts';

/** Errors of access tokens (RFC 6750, 3.1) and of the token endpoint (RFC 6749, 5.2; RFC 8707, 2). */

export class AccessTokenInvalid extends defineError({
  code: 'access_token_invalid',
  status: 401,
  meaning: 'The access token has expired, was not issued by this tenant, or is meant for another service.',
  remedy: 'Get a new token at /oidc/token.',
}) {
  override readonly headers = {
    'www-authenticate': `Bearer realm="tessera", error="invalid_token", error_description="${this.message}"`,
  };
}

export class InvalidClient extends defineError({
  code: 'invalid_client',
  status: 401,
  meaning: 'The client ID or the client secret is wrong.',
  remedy: "Take both from the application's settings; a lost secret cannot be shown again.",
  member: 'error',
}) {
  override readonly headers = { 'www-authenticate': 'Basic realm="tessera", charset="UTF-8"' };
}

export class TooManyAttempts extends defineError({
  code: 'too_many_attempts',
  status: 429,
  meaning: 'Many token requests for this client wait to be checked already.',
  remedy: 'Send the request again after the seconds that Retry-After names, and keep a token for as long as it lives.',
}) {
  override readonly headers = { 'retry-after': '1' };
  constructor() {
    super('Many token requests for this client wait already: send the request again');
  }
}

export class UnsupportedGrantType extends defineError({
  code: 'unsupported_grant_type',
  status: 400,
  meaning: 'The token endpoint does not know this grant type.',
  remedy: `Send one of ${GRANT_TYPES.join(', ')}.`,
  member: 'error',
}) {
  constructor() {
    super(`grant_type must be one of ${GRANT_TYPES.join(', ')}`);
  }
}

export class InvalidTarget extends defineError({
  code: 'invalid_target',
  status: 400,
  meaning: 'The resource that the token is wanted for is not one absolute URI.',
  remedy: 'Send the URI of one service, or no resource.',
  member: 'error',
}) {
  constructor() {
    super('resource must be one absolute URI');
  }
}

export class TokenServerError extends defineError({
  code: 'server_error',
  status: 500,
  meaning: 'The tenant is at fault, and the token endpoint has logged what happened.',
  remedy: 'Look for the x-request-id of the answer in the log, and report what is there.',
  member: 'error',
}) {
  constructor(cause: unknown) {
    super('The tenant could not answer this request', { cause });
  }
}

/** There is no signing key with this ID in the tenant. */
export class KeyNotFound extends defineError({
  code: 'signing_key_not_found',
  status: 404,
  meaning: 'No signing key of the tenant has this ID.',
  remedy: 'Get the signing keys to see their IDs.',
}) {
  constructor() {
    super('There is no such signing key');
  }
}

/** The tenant has a key already. */
export class KeyTaken extends defineError({
  code: 'signing_key_is_taken',
  status: 409,
  meaning: 'The tenant has this signing key already, or another one begins to sign at this moment.',
  remedy: 'Get the signing keys, and send the request again if the key is not there.',
  member: 'ts_error_code',
}) {
  constructor() {
    super('jwk is taken: the tenant has this key already');
  }
}

/** The key that signs is needed. */
export class KeySigns extends defineError({
  code: 'signing_key_signs',
  status: 400,
  meaning: 'The key signs new tokens, and without it there would be none.',
  remedy: 'Let another key sign first.',
}) {
  constructor() {
    super('This key signs: let another one sign first');
  }
}
