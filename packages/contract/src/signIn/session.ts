import { Type } from 'typebox';
import type { Operation } from '../schema/operation.ts';
import { badRequest, unauthorized } from '../schema/answers.ts';
import { BadRequestError, HttpError, IdentifierIsTakenError } from '../schema/errors.ts';
import { Closed, Text, Username } from '../schema/schemas.ts';
import { UserResult } from '../users/answers.ts';
import { PASSWORD_MAX_LENGTH, PasswordError, PasswordRegistered } from '../users/passwords.ts';
import { AuthError, authErrors, claims, clientAttributes, resource, TokenSet } from './schemas.ts';

export const RefreshInput = Closed(
  {
    refresh_token: Type.String({ minLength: 1, maxLength: 1000, format: 'plain-text' }),
    resource,
    claims,
  },
  { title: 'RefreshInput' },
);

export const SessionInput = Closed({ session_id: Text(255, 'The session') }, { title: 'SessionInput' });
export const SessionSignInInput = Closed(
  { session_id: Text(255, 'The session'), resource, claims, client_attributes: clientAttributes },
  { title: 'SessionSignInInput' },
);

const newPassword = Type.String({ minLength: 1, maxLength: PASSWORD_MAX_LENGTH, format: 'plain-text' });
export const AddOwnPasswordInput = Closed(
  { password: newPassword, username: Type.Optional(Username('A username to sign in with')) },
  { title: 'AddOwnPasswordInput' },
);
export const ReplaceOwnPasswordInput = Closed(
  { current_password: newPassword, password: newPassword },
  { title: 'ReplaceOwnPasswordInput' },
);

export const ExchangeInput = Closed(
  {
    code: Type.String({ minLength: 1, maxLength: 255, format: 'plain-text', description: 'From the redirect URI' }),
    client_id: Type.String({ minLength: 1, maxLength: 255, format: 'plain-text' }),
    client_secret: Type.String({ minLength: 1, maxLength: 1000, format: 'plain-text' }),
  },
  { title: 'ExchangeInput' },
);
const Exchanged = Type.Object(
  {
    id_token: Type.String(),
    access_token: Type.String(),
    refresh_token: Type.String(),
    is_user_created: Type.Boolean({ description: 'Whether the sign-in created the user' }),
  },
  { title: 'Exchanged' },
);

const UserInfo = Type.Object(
  { sub: Type.String({ description: 'The user ID' }) },
  { title: 'UserInfo', additionalProperties: true, description: 'OpenID Connect Core, 5.3' },
);

const ofPassword = {
  400: { description: 'The request is malformed, or the password too weak', schema: PasswordError },
  ...unauthorized,
  403: { description: 'The password so far is wrong', schema: PasswordError },
  409: {
    description: 'There is a password already, or none yet, or another user has the username',
    schema: Type.Union([PasswordError, IdentifierIsTakenError]),
  },
};

/** Sessions of users who have signed in, and what they reach themselves. */
export const sessionOperations = {
  refreshToken: {
    operationId: 'refreshToken',
    method: 'POST',
    path: '/cis/v1/auth/token/refresh',
    summary: 'Refresh tokens',
    curl: `$API/cis/v1/auth/token/refresh -d '{"refresh_token":"'$REFRESH_TOKEN'"}'`,
    description: 'A refresh token is good once: one that comes again ends its session.',
    tag: 'Sign-in',
    secured: true,
    body: RefreshInput,
    responses: { 200: { description: 'The tokens', schema: TokenSet }, ...authErrors },
  },
  authenticateSession: {
    operationId: 'authenticateSession',
    method: 'POST',
    path: '/cis/v1/auth/session/authenticate',
    summary: 'Get tokens for a session',
    curl: `$API/cis/v1/auth/session/authenticate -d '{"session_id":"'$SESSION_ID'"}'`,
    tag: 'Sign-in',
    secured: true,
    body: SessionSignInInput,
    responses: { 200: { description: 'The tokens', schema: TokenSet }, ...authErrors },
  },
  logoutSession: {
    operationId: 'logoutSession',
    method: 'POST',
    path: '/cis/v1/auth/session/logout',
    summary: 'End a session',
    curl: `$API/cis/v1/auth/session/logout -d '{"session_id":"'$SESSION_ID'"}'`,
    tag: 'Sign-in',
    secured: true,
    body: SessionInput,
    responses: {
      204: { description: 'The session is over' },
      ...authErrors,
      404: { description: 'There is no such session', schema: AuthError },
    },
  },
  logout: {
    operationId: 'logout',
    method: 'POST',
    path: '/cis/v1/auth/logout',
    summary: "End the signed-in user's session",
    curl: '-X POST $API/cis/v1/auth/logout',
    description: 'The one that the access token is of; others of the user go on.',
    tag: 'Signed-in user',
    secured: true,
    signedIn: true,
    responses: {
      200: {
        description: 'It is over',
        schema: Type.Object(
          { sessions_count: Type.Integer({ description: 'How many are over by it: one' }) },
          { title: 'LoggedOut' },
        ),
      },
      ...badRequest,
      ...unauthorized,
    },
  },
  getUserInfo: {
    operationId: 'getUserInfo',
    method: 'GET',
    path: '/oidc/me',
    summary: "Get the signed-in user's claims",
    curl: '$API/oidc/me',
    tag: 'Signed-in user',
    secured: true,
    signedIn: true,
    responses: { 200: { description: 'The claims', schema: UserInfo }, ...badRequest, ...unauthorized },
  },
  getUserInfoOfUsersApi: {
    operationId: 'getUserInfoOfUsersApi',
    method: 'GET',
    path: '/cis/oidc/me',
    summary: "Get the signed-in user's claims, at their other path",
    curl: '$API/cis/oidc/me',
    tag: 'Signed-in user',
    secured: true,
    signedIn: true,
    responses: { 200: { description: 'The claims', schema: UserInfo }, ...badRequest, ...unauthorized },
  },
  getCurrentUser: {
    operationId: 'getCurrentUser',
    method: 'GET',
    path: '/cis/v1/users/me',
    summary: 'Get the signed-in user',
    curl: '$API/cis/v1/users/me',
    tag: 'Signed-in user',
    secured: true,
    signedIn: true,
    extension: true,
    responses: { 200: { description: 'The user', schema: UserResult }, ...badRequest, ...unauthorized },
  },
  addPasswordCredentialsToCurrentUser: {
    operationId: 'addPasswordCredentialsToCurrentUser',
    method: 'POST',
    path: '/cis/v1/users/me/password-credentials',
    summary: 'Set the first password of the signed-in user',
    curl: `$API/cis/v1/users/me/password-credentials -d '{"password":"number seven engine"}'`,
    tag: 'Signed-in user',
    secured: true,
    signedIn: true,
    body: AddOwnPasswordInput,
    responses: { 200: { description: 'The password is set', schema: PasswordRegistered }, ...ofPassword },
  },
  updateOwnPassword: {
    operationId: 'updateOwnPassword',
    method: 'PUT',
    path: '/cis/v1/users/me/password',
    summary: 'Replace the password of the signed-in user',
    curl: `-X PUT $API/cis/v1/users/me/password -d '{"current_password":"number seven engine","password":"number eight engine"}'`,
    description: 'Wants the password so far; sessions that began with it end, but for this one.',
    tag: 'Signed-in user',
    secured: true,
    signedIn: true,
    extension: true,
    body: ReplaceOwnPasswordInput,
    responses: { 200: { description: 'The password is set', schema: PasswordRegistered }, ...ofPassword },
  },
  getDeviceKeysForTenant: {
    operationId: 'getDeviceKeysForTenant',
    method: 'GET',
    path: '/cis/v1/users/me/device-keys',
    summary: "Get the signed-in user's device keys",
    curl: '$API/cis/v1/users/me/device-keys',
    description: 'The tenant registers no devices: there are none.',
    tag: 'Signed-in user',
    secured: true,
    signedIn: true,
    responses: {
      200: { description: 'The keys', schema: Type.Object({ result: Type.Array(Type.Object({})) }) },
      ...badRequest,
      ...unauthorized,
    },
  },
  tokenExchange: {
    operationId: 'tokenExchange',
    method: 'POST',
    path: '/cis/v1/token',
    summary: 'Exchange a code for tokens, as JSON',
    curl: `$API/cis/v1/token -d '{"code":"'$CODE'","client_id":"'$SIGN_IN_CLIENT_ID'","client_secret":"'$SIGN_IN_CLIENT_SECRET'"}'`,
    description: 'The token endpoint does the same by the standard (grant_type authorization_code).',
    tag: 'Sign-in',
    secured: false,
    rateLimit: 'source',
    deprecated: true,
    body: ExchangeInput,
    responses: {
      200: { description: 'The tokens', schema: Exchanged },
      400: { description: 'The request is malformed, or the code is not good', schema: BadRequestError },
      401: { description: 'The client credentials are wrong', schema: HttpError },
      429: { description: 'Many requests for this client wait already', schema: HttpError },
    },
  },
  completeSignIn: {
    operationId: 'completeSignIn',
    method: 'GET',
    path: '/cis/v1/auth/complete',
    summary: 'Go on to the redirect URI',
    curl: '"$API/cis/v1/auth/complete?code=$CODE"',
    description: 'Where a sign-in in the browser sends it: answers with a redirect to the redirect URI, with the code.',
    tag: 'Sign-in',
    secured: false,
    extension: true,
    query: Closed({ code: Text(255, 'The code') }),
    responses: {
      302: { description: 'To the redirect URI' },
      400: { description: 'The request is malformed, or the code is not good', schema: BadRequestError },
    },
  },
} as const satisfies Record<string, Operation>;
