import { Discovery, JsonWebKeySet, OAuthError, TokenRequest, TokenResponse } from './token.ts';
import { Type } from 'typebox';
import { Text } from '../schema/schemas.ts';
import type { Operation } from '../schema/operation.ts';

const TenantIdParams = Type.Object({ tenant_id: Text(255, 'ID of the tenant') });

/** The token endpoint, and what lets others check its tokens. */
export const accessOperations = {
  getAccessToken: {
    operationId: 'getAccessToken',
    method: 'POST',
    path: '/oidc/token',
    summary: 'Get an access token',
    curl: '-u "$TESSERA_CLIENT_ID:$TESSERA_CLIENT_SECRET" -d grant_type=client_credentials $API/oidc/token',
    description:
      "An application's own, for its client credentials (RFC 6749, 4.4), lives an hour and cannot be refreshed. A user's, for the code of a sign-in (4.1.3) or a refresh token (6). The client credentials come in the body or as HTTP Basic.",
    tag: 'Access',
    secured: false,
    body: TokenRequest,
    bodyType: 'application/x-www-form-urlencoded',
    responses: {
      200: { description: 'The token', schema: TokenResponse },
      400: { description: 'The request is malformed, or the code or refresh token is not good', schema: OAuthError },
      401: { description: 'The client credentials are wrong', schema: OAuthError },
    },
  },
  getJwks: {
    operationId: 'getJwks',
    method: 'GET',
    path: '/oidc/jwks',
    summary: 'Get the public keys that tokens are signed with',
    curl: '$API/oidc/jwks',
    tag: 'Access',
    secured: false,
    responses: { 200: { description: 'The keys', schema: JsonWebKeySet } },
  },
  getDiscovery: {
    operationId: 'getDiscovery',
    method: 'GET',
    path: '/.well-known/openid-configuration',
    summary: 'Discover the token endpoint and the keys',
    curl: '$API/.well-known/openid-configuration',
    tag: 'Access',
    secured: false,
    responses: { 200: { description: 'The metadata', schema: Discovery } },
  },
  getJwksOfUsersApi: {
    operationId: 'getJwksOfUsersApi',
    method: 'GET',
    path: '/cis/oidc/jwks',
    summary: 'Get the public keys, at their other path',
    curl: '$API/cis/oidc/jwks',
    tag: 'Access',
    secured: false,
    responses: { 200: { description: 'The keys', schema: JsonWebKeySet } },
  },
  getJwksOfTenant: {
    operationId: 'getJwksOfTenant',
    method: 'GET',
    path: '/tenants/{tenant_id}/oidc/jwks',
    summary: 'Get the public keys of a further tenant',
    description: 'A service with several tenants has those of its first at /oidc/jwks.',
    curl: '$API/tenants/$TENANT_ID/oidc/jwks',
    tag: 'Access',
    secured: false,
    extension: true,
    params: TenantIdParams,
    responses: { 200: { description: 'The keys', schema: JsonWebKeySet } },
  },
  getDiscoveryOfTenant: {
    operationId: 'getDiscoveryOfTenant',
    method: 'GET',
    path: '/tenants/{tenant_id}/.well-known/openid-configuration',
    summary: 'Discover a further tenant',
    description: 'A service with several tenants has that of its first at /.well-known/openid-configuration.',
    curl: '$API/tenants/$TENANT_ID/.well-known/openid-configuration',
    tag: 'Access',
    secured: false,
    extension: true,
    params: TenantIdParams,
    responses: { 200: { description: 'The metadata', schema: Discovery } },
  },
} as const satisfies Record<string, Operation>;
