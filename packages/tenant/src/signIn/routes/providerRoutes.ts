import type { FastifyInstance } from 'fastify';
import { canonicalEmail, formats, operations, type ApiProvider } from '@tessera/contract';
import { findClient, type ClientOfApplication } from '../../applications/clientStore.ts';
import { getApplication } from '../../applications/manage.ts';
import { wantOwn } from '../../applications/ownApplication.ts';
import type { Database } from '../../database/database.ts';
import { logFault } from '../../http/errors.ts';
import { InvalidRequest } from '../../http/requestErrors.ts';
import { route } from '../../http/route.ts';
import { browserCode, withCode, type NewProfile } from '../browserSignIn.ts';
import { makeCode, redeemState } from '../codes.ts';
import { ProviderFailed, ProviderNotFound } from '../errors.ts';
import { linkedUser } from '../linkedUser.ts';
import { externalUser, providerUrl, type Checks, type ExternalUser } from '../openIdConnect.ts';
import type { SignInParts } from '../parts.ts';
import { newCode } from '../rules/secretCode.ts';
import type { Method } from '../rules/signIn.ts';
import { deleteProvider, insertProvider, listProviders, type Provider } from '../store/providers.ts';
import { countBrowser, wantRedirectUri } from './caller.ts';

/** How long a user may take at the provider. */
const AWAY_MS = 15 * 60 * 1000;
const SCOPE = 'openid email profile';

/** What is kept while the browser is away. */
interface Away extends Omit<Checks, 'state'> {
  provider: string;
  redirectUri: string;
  state?: string;
  ownNonce?: string;
  create: boolean;
}

/** Sign-ins with an external OpenID Connect provider. */
export function providerRoutes(app: FastifyInstance, parts: SignInParts): void {
  const { database, limiter, publicUrl } = parts;
  const callbackUri = publicUrl + operations.completeProviderSignIn.path;
  const shown = ({ name, issuer, client_id, scope, created_at }: Provider): ApiProvider => ({
    name,
    issuer,
    client_id,
    scope,
    callback_uri: callbackUri,
    created_at: new Date(created_at).toISOString(),
  });

  route(app, operations.createIdentityProvider, async ({ params: { appId }, body, caller }) => {
    wantOwn(caller, appId);
    await getApplication(database, caller.tid, appId);
    const provider = { scope: SCOPE, ...body, tenant_id: caller.tid, app_id: appId, created_at: Date.now() };
    await insertProvider(database, provider);
    return shown(provider);
  });

  route(app, operations.getIdentityProviders, async ({ params: { appId }, caller }) => {
    wantOwn(caller, appId);
    await getApplication(database, caller.tid, appId);
    return { result: (await listProviders(database, caller.tid, appId)).map(shown) };
  });

  route(app, operations.deleteIdentityProvider, async ({ params: { appId, name }, caller }) => {
    wantOwn(caller, appId);
    if (!(await deleteProvider(database, caller.tid, appId, name))) throw new ProviderNotFound();
    return undefined;
  });

  route(app, operations.startProviderSignIn, async ({ params, query, reply }) => {
    const client = await findClient(database, query.client_id);
    await countBrowser(limiter, client);
    const provider = client?.enabled && (await findProvider(database, client, params.name));
    if (!provider) throw new ProviderNotFound();
    wantRedirectUri(client, query.redirect_uri);
    const checks = { nonce: newCode(), codeVerifier: newCode() };
    const state = await makeCode<Away>(database, client, {
      purpose: 'provider',
      lifetime: AWAY_MS,
      data: {
        ...checks,
        provider: provider.name,
        redirectUri: query.redirect_uri,
        create: query.create_new_user ?? false,
        ...(query.state !== undefined && { state: query.state }),
        ...(query.nonce !== undefined && { ownNonce: query.nonce }),
      },
    });
    void reply.header('location', (await providerUrl(provider, callbackUri, { ...checks, state })).href);
    void reply.header('cache-control', 'no-store');
    return undefined;
  });

  route(app, operations.completeProviderSignIn, async ({ query, request, reply }) => {
    const away = await redeemState<Away>(database, 'provider', query.state);
    const client = away && (await findClient(database, away.client_id));
    const provider = client?.enabled && (await findProvider(database, client, away!.data.provider));
    if (!away || !client || !provider)
      throw new InvalidRequest('state is none that the tenant waits for: sign in again');
    const { redirectUri, state, ownNonce, create, ...checks } = away.data;
    void reply.header('cache-control', 'no-store');
    /** The application learns at its redirect URI what became of it. */
    const backWith = (error: string): undefined => {
      const url = new URL(redirectUri);
      url.searchParams.set('error', error);
      if (state !== undefined) url.searchParams.set('state', state);
      void reply.header('location', url.href);
      return undefined;
    };
    if ('error' in query) return backWith('access_denied');
    // At the tenant's own address, whatever a proxy in front of it has taken off.
    const landed = new URL(callbackUri);
    landed.search = new URL(request.url, publicUrl).search;
    const external = await externalUser(provider, landed, { ...checks, state: query.state }).catch((error: unknown) => {
      if (!(error instanceof ProviderFailed)) throw error;
      logFault(request.log, error);
      return undefined;
    });
    if (!external) return backWith('server_error');
    const method = methodOf(provider, external);
    const user = await linkedUser(database, client.tenant_id, method);
    const profile = newProfile(client, external, create);
    if (user === 'refused' || user?.status === 'Disabled' || (!user && !profile)) return backWith('access_denied');
    const code = await browserCode(database, client, {
      ...(user ? { userId: user.user_id } : { create: profile! }),
      redirectUri,
      method,
      wishes: { nonce: ownNonce },
    });
    void reply.header('location', withCode(redirectUri, code, state));
    return undefined;
  });
}

const findProvider = async (
  database: Database,
  { tenant_id, app_id }: ClientOfApplication,
  name: string,
): Promise<Provider | undefined> => (await listProviders(database, tenant_id, app_id)).find((one) => one.name === name);

/** The provider's name of a user, which no other provider's is. */
const identifierOf = ({ issuer }: Provider, { subject }: ExternalUser): string => `${issuer}#${subject}`;

/** The email that the provider vouches for, unless another one only becomes it by its characters: U+212A is no k to a mailbox. */
function verifiedEmail({ email, emailVerified }: ExternalUser): string | undefined {
  if (email === undefined || !emailVerified || !formats.email.test(email)) return undefined;
  const canonical = canonicalEmail(email);
  const [written, compared] = [email, canonical].map((form) => form.slice(0, form.lastIndexOf('@')));
  return isAscii(written!) === isAscii(compared!) ? canonical : undefined;
}

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

function newProfile(client: ClientOfApplication, external: ExternalUser, create: boolean): NewProfile | undefined {
  const email = verifiedEmail(external);
  return create && client.app_settings.allow_public_signup && email !== undefined ? { email } : undefined;
}

function methodOf(provider: Provider, external: ExternalUser): Method {
  const email = verifiedEmail(external);
  return {
    authType: 'oauth2',
    providerName: provider.name,
    providerType: 'OAuth2',
    identifier: identifierOf(provider, external),
    ...(email !== undefined && {
      alias: { type: 'email', value: email },
      proved: { kind: 'email', value: email, elsewhere: true },
    }),
    provider: { source: 'SSO OIDC', email: external.email ?? '' },
    amr: 'fed',
  };
}
