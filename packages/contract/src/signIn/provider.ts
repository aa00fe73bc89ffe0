import { Type, type Static } from 'typebox';
import { AppIdParams } from '../applications/operations.ts';
import { badRequest, notOwn, unauthorized } from '../schema/answers.ts';
import { BadRequestError, HttpError, IdentifierIsTakenError } from '../schema/errors.ts';
import type { Operation } from '../schema/operation.ts';
import { Closed, DateTime, Text } from '../schema/schemas.ts';
import { redirectUri } from './schemas.ts';

/** Sign-ins with an external OpenID Connect provider: the tenant's own, since the vendor sets its providers up elsewhere. */

const name = Type.String({
  minLength: 1,
  maxLength: 40,
  pattern: '^[A-Za-z0-9_-]+$',
  description: 'Names the provider in paths and in identities: letters, digits, _ and -',
});

export const CreateProviderInput = Closed(
  {
    name,
    issuer: Type.String({
      maxLength: 2048,
      format: 'issuer',
      description:
        'Its issuer identifier, below which its discovery document is: an https URL, or http on this machine',
    }),
    client_id: Type.String({
      minLength: 1,
      maxLength: 255,
      format: 'plain-text',
      description: 'Of the application there',
    }),
    client_secret: Type.String({ minLength: 1, maxLength: 1000, format: 'plain-text', description: 'Never shown' }),
    scope: Type.Optional(
      Type.String({
        minLength: 6,
        maxLength: 255,
        pattern: '(^| )openid( |$)',
        description: '"openid email profile" unless told',
      }),
    ),
    email_trusted: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Whether its emails count as verified where it does not say whether they are (Microsoft Entra). Only a management application may set it',
      }),
    ),
  },
  { title: 'CreateProviderInput' },
);

export const ApiProvider = Type.Object(
  {
    name: Type.String(),
    issuer: Type.String(),
    client_id: Type.String(),
    scope: Type.String(),
    email_trusted: Type.Boolean({ description: 'Whether its emails count as verified where it does not say so' }),
    callback_uri: Type.String({ description: 'The redirect URI to register at the provider' }),
    created_at: DateTime('When it was set up'),
  },
  { title: 'ApiProvider' },
);

const noApplication = { 404: { description: 'There is no such application, or no such provider', schema: HttpError } };
const PROVIDERS = '/cis/v1/applications/{appId}/identity-providers';

/** Sets providers up, and signs users in with them. */
export const providerOperations = {
  createIdentityProvider: {
    operationId: 'createIdentityProvider',
    method: 'POST',
    path: PROVIDERS,
    summary: 'Set up an OpenID Connect provider',
    curl: `$API/cis/v1/applications/$APP_ID/identity-providers -d '{"name":"partner","issuer":"https://id.example.com","client_id":"shop","client_secret":"a secret of theirs"}'`,
    tag: 'Applications',
    secured: true,
    extension: true,
    params: AppIdParams,
    body: CreateProviderInput,
    responses: {
      201: { description: 'The provider', schema: ApiProvider },
      ...badRequest,
      ...unauthorized,
      ...notOwn,
      ...noApplication,
      409: { description: 'The application has a provider of that name', schema: IdentifierIsTakenError },
    },
  },
  getIdentityProviders: {
    operationId: 'getIdentityProviders',
    method: 'GET',
    path: PROVIDERS,
    summary: 'Get the OpenID Connect providers',
    curl: '$API/cis/v1/applications/$APP_ID/identity-providers',
    tag: 'Applications',
    secured: true,
    extension: true,
    params: AppIdParams,
    responses: {
      200: { description: 'The providers', schema: Type.Object({ result: Type.Array(ApiProvider) }) },
      ...badRequest,
      ...unauthorized,
      ...notOwn,
      ...noApplication,
    },
  },
  deleteIdentityProvider: {
    operationId: 'deleteIdentityProvider',
    method: 'DELETE',
    path: `${PROVIDERS}/{name}`,
    summary: 'Remove an OpenID Connect provider',
    curl: '-X DELETE $API/cis/v1/applications/$APP_ID/identity-providers/partner',
    description: 'The users who have signed in with it stay, with their identities.',
    tag: 'Applications',
    secured: true,
    extension: true,
    params: Type.Object({ ...AppIdParams.properties, name: Text(255, 'Name of the provider') }),
    responses: {
      204: { description: 'The provider is gone' },
      ...badRequest,
      ...unauthorized,
      ...notOwn,
      ...noApplication,
    },
  },
  startProviderSignIn: {
    operationId: 'startProviderSignIn',
    method: 'GET',
    path: '/cis/v1/auth/oidc/{name}',
    summary: 'Sign in with an OpenID Connect provider',
    curl: '"$API/cis/v1/auth/oidc/partner?client_id=$SIGN_IN_CLIENT_ID&redirect_uri=https://shop.example.com/welcome"',
    description:
      'Where an application sends the browser: it goes on to the provider, comes back, and ends with a code at the redirect URI, or with an error there (RFC 6749, 4.1.2.1).',
    tag: 'Sign-in',
    secured: false,
    rateLimit: 'source',
    changesState: true,
    extension: true,
    params: Type.Object({ name: Text(255, 'Name of the provider') }),
    query: Closed({
      client_id: Text(255, 'Of the application'),
      redirect_uri: redirectUri,
      state: Type.Optional(
        Type.String({ maxLength: 1000, format: 'plain-text', description: 'Comes back with the code' }),
      ),
      nonce: Type.Optional(Text(255, 'Comes back in the ID token')),
      create_new_user: Type.Optional(
        Type.Boolean({ description: 'Whether the sign-in may create the user, where the application allows it' }),
      ),
    }),
    responses: {
      302: { description: 'To the provider; back to the redirect URI with an error when it does not respond' },
      400: { description: 'The request is malformed', schema: BadRequestError },
      404: { description: 'There is no such client, or no such provider', schema: HttpError },
      429: { description: 'Too many of these came: try again after Retry-After', schema: HttpError },
    },
  },
  completeProviderSignIn: {
    operationId: 'completeProviderSignIn',
    method: 'GET',
    path: '/cis/v1/auth/oidc-callback/{appId}/{name}',
    summary: 'Come back from an OpenID Connect provider',
    curl: '"$API/cis/v1/auth/oidc-callback/$APP_ID/partner?state=nothing&code=nothing"',
    description: 'Where the provider sends the browser: it goes on to the redirect URI of the application.',
    tag: 'Sign-in',
    secured: false,
    rateLimit: 'source',
    changesState: true,
    extension: true,
    // One for each provider, so that no provider can pass for another one (RFC 9700, 4.4).
    params: Type.Object({ ...AppIdParams.properties, name: Text(255, 'Name of the provider') }),
    // A provider may add parameters of its own (RFC 6749, 4.1.2: the client must ignore those that it does not know).
    query: Type.Object(
      { state: Text(255, 'What the tenant sent the browser away with') },
      { additionalProperties: true },
    ),
    responses: {
      302: { description: 'To the redirect URI' },
      400: {
        description: 'The state is unknown or has expired, or belongs to another browser',
        schema: BadRequestError,
      },
      429: { description: 'Too many of these came: try again after Retry-After', schema: HttpError },
    },
  },
} as const satisfies Record<string, Operation>;

export type CreateProviderInput = Static<typeof CreateProviderInput>;
export type ApiProvider = Static<typeof ApiProvider>;
