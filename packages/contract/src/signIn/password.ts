import { Type } from 'typebox';
import { unauthorized } from '../schema/answers.ts';
import type { Operation } from '../schema/operation.ts';
import { Closed, OneOf } from '../schema/schemas.ts';
import { PASSWORD_MAX_LENGTH } from '../users/passwords.ts';
import {
  AuthError,
  authErrors,
  claims,
  email,
  identifier,
  identifierType,
  Message,
  orgId,
  phone,
  redirectUri,
  resource,
  signInOptions,
  TokenSet,
} from './schemas.ts';

const password = Type.String({ minLength: 1, maxLength: PASSWORD_MAX_LENGTH, description: 'The password' });
const name = Type.Optional(Type.String({ minLength: 1, maxLength: 255, description: 'What names the user' }));

export const PasswordSignInInput = Closed(
  {
    username: name,
    username_type: Type.Optional(
      OneOf(['username', 'email', 'phone_number'], 'What kind of name that is; username unless told'),
    ),
    identifier: Type.Optional(identifier),
    identifier_type: Type.Optional(identifierType),
    password,
    ...signInOptions,
  },
  { title: 'PasswordSignInInput', description: 'Wants a username or an identifier' },
);

export const PasswordLoginInput = Closed(
  {
    username: name,
    email: Type.Optional(email),
    phone_number: Type.Optional(phone),
    password,
    client_id: Type.String({ minLength: 1, maxLength: 255, format: 'plain-text', description: 'Of the application' }),
    redirect_uri: redirectUri,
    resource,
    require_mfa: Type.Optional(Type.Boolean({ default: false, description: 'There is no such flow: true is refused' })),
    claims,
    org_id: orgId,
  },
  { title: 'PasswordLoginInput', description: 'Wants a username, an email or a phone number' },
);

export const ResetPasswordInput = Closed(
  {
    reset_token: Type.String({
      minLength: 1,
      maxLength: 255,
      format: 'plain-text',
      description: 'From the refused sign-in',
    }),
    new_password: Type.String({ minLength: 1, maxLength: PASSWORD_MAX_LENGTH, format: 'plain-text' }),
  },
  { title: 'ResetPasswordInput' },
);

/** Where the browser goes on: to the redirect URI, with a code. */
export const RedirectUriResult = Type.Object(
  { result: Type.String({ description: 'Sends a browser to the redirect URI, with a code to exchange for tokens' }) },
  { title: 'RedirectUriResult' },
);

/** The same of a password in the browser, in the shape that the vendor gives it there. */
const LoginResult = Type.Object(
  { result: Type.Object({ url: Type.String({ description: 'Where the browser goes on' }) }) },
  { title: 'LoginResult' },
);

/** Signs users in by password. */
export const passwordSignInOperations = {
  authenticatePassword: {
    operationId: 'authenticatePassword',
    method: 'POST',
    path: '/cis/v1/auth/password/authenticate',
    summary: 'Sign in with a password',
    curl: `$API/cis/v1/auth/password/authenticate -d '{"username":"ada","password":"the analytical engine"}'`,
    description:
      'Five wrong ones in 15 minutes lock the name for 15 minutes. A temporary or expired password signs nobody in: the answer has a token that sets a new one.',
    tag: 'Sign-in',
    secured: true,
    body: PasswordSignInInput,
    responses: {
      200: { description: 'The tokens', schema: TokenSet },
      ...authErrors,
      401: {
        description: 'The access token, the name or the password is wrong',
        schema: Type.Union([AuthError, unauthorized[401].schema]),
      },
    },
  },
  login: {
    operationId: 'login',
    method: 'POST',
    path: '/cis/v1/auth/password/login',
    summary: 'Sign in with a password, in the browser',
    curl: `$API/cis/v1/auth/password/login -d '{"username":"ada","password":"the analytical engine","client_id":"'$SIGN_IN_CLIENT_ID'","redirect_uri":"https://shop.example.com/welcome"}'`,
    tag: 'Sign-in',
    secured: false,
    rateLimit: 'source',
    body: PasswordLoginInput,
    responses: {
      200: { description: 'Where the browser goes on', schema: LoginResult },
      400: authErrors[400],
      401: {
        description: 'The client ID, the name or the password is wrong',
        schema: Type.Union([AuthError, unauthorized[401].schema]),
      },
      403: authErrors[403],
      429: authErrors[429],
    },
  },
  resetPassword: {
    operationId: 'resetPassword',
    method: 'POST',
    path: '/cis/v1/auth/password/reset',
    summary: 'Replace a temporary or expired password',
    curl: `$API/cis/v1/auth/password/reset -d '{"reset_token":"'$RESET_TOKEN'","new_password":"the analytical engine"}'`,
    description: 'With the token that the refused sign-in gave, once. It signs nobody in.',
    tag: 'Sign-in',
    secured: true,
    body: ResetPasswordInput,
    responses: { 200: { description: 'The password is set', schema: Message }, ...authErrors },
  },
} as const satisfies Record<string, Operation>;
