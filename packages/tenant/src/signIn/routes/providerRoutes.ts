import type { FastifyBaseLogger, FastifyInstance, FastifyReply } from 'fastify';
import { canonicalEmail, formats, operations, withParameters, type ApiProvider } from '@tessera/contract';
import { findClient, type ClientOfApplication } from '../../applications/clientStore.ts';
import { getApplication } from '../../applications/manage.ts';
import { manages, wantOwn } from '../../applications/ownApplication.ts';
import type { Database } from '../../database/database.ts';
import { showErrorsInBrowsers } from '../../http/errorPage.ts';
import { InvalidRequest, ManagementTokenRequired } from '../../http/requestErrors.ts';
import { route } from '../../http/route.ts';
import { makeBrowserBinding } from '../browserBinding.ts';
import { browserCode, type NewProfile } from '../browserSignIn.ts';
import { findState, keepState } from '../codes.ts';
import { ProviderFailed, ProviderNotFound } from '../errors.ts';
import { linkedUser } from '../linkedUser.ts';
import { makeOpenIdConnect, type Checks, type ExternalUser } from '../openIdConnect.ts';
import type { SignInParts } from '../parts.ts';
import { newCode } from '../rules/secretCode.ts';
import type { Method } from '../rules/signIn.ts';
import { takeCode } from '../store/codes.ts';
import { deleteProvider, insertProvider, listProviders, type Provider } from '../store/providers.ts';
import { countBrowser, wantRedirectUri } from './caller.ts';

/** How long a user may take at the provider. */
const AWAY_MS = 10 * 60 * 1000;
const SCOPE = 'openid email profile';

/** Microsoft Entra for all organizations: the administrator of any of them chooses the emails. */
const SHARED_ISSUER = /^https:\/\/login\.microsoftonline\.com\/(?:common|organizations|consumers)(?:\/|$)/i;

/** What is kept while the browser is away. */
interface PendingSignIn extends Omit<Checks, 'state'> {
  provider: string;
  redirectUri: string;
  state?: string;
  ownNonce?: string;
  create: boolean;
  /** The hash of the secret in the browser's cookie. */
  browser: string;
}

/** The errors that an application understands (RFC 6749, 4.1.2.1; OpenID Connect Core, 3.1.2.6). */
const KNOWN_ERRORS = new Set([
  'access_denied',
  'temporarily_unavailable',
  'server_error',
  'interaction_required',
  'login_required',
  'account_selection_required',
  'consent_required',
]);

/** Sign-ins with an external OpenID Connect provider. */
export function providerRoutes(app: FastifyInstance, parts: SignInParts): void {
  const { database, limiter, outgoing, publicUrl } = parts;
  const openIdConnect = makeOpenIdConnect(outgoing);
  const browsers = makeBrowserBinding(publicUrl, AWAY_MS);
  showErrorsInBrowsers(app);

  const callbackUri = ({ app_id, name }: Pick<Provider, 'app_id' | 'name'>): string =>
    publicUrl +
    operations.completeProviderSignIn.path
      .replace('{appId}', encodeURIComponent(app_id))
      .replace('{name}', encodeURIComponent(name));
  const shown = (provider: Provider): ApiProvider => ({
    name: provider.name,
    issuer: provider.issuer,
    client_id: provider.client_id,
    scope: provider.scope,
    email_trusted: provider.email_trusted,
    callback_uri: callbackUri(provider),
    created_at: new Date(provider.created_at).toISOString(),
  });

  route(app, operations.createIdentityProvider, async ({ params: { appId }, body, caller }) => {
    wantOwn(caller, appId);
    if (body.email_trusted && !manages(caller)) throw new ManagementTokenRequired();
    if (body.email_trusted && SHARED_ISSUER.test(body.issuer)) {
      throw new InvalidRequest('email_trusted must be false: anybody can set up an organization at this issuer');
    }
    if (outgoing.refuses(new URL(body.issuer))) {
      throw new InvalidRequest(
        'issuer is at a private address, which outgoing requests may not reach unless TESSERA_PRIVATE_ADDRESSES allows it',
      );
    }
    await getApplication(database, caller.tid, appId);
    const defaults = { scope: SCOPE, email_trusted: false };
    const provider = { ...defaults, ...body, tenant_id: caller.tid, app_id: appId, created_at: Date.now() };
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

  /** Goes back to the application, which learns at its redirect URI what became of the sign-in. */
  const goBack = (reply: FastifyReply, redirectUri: string, parameters: Record<string, string | undefined>) => {
    void reply.header('location', withParameters(redirectUri, parameters));
    return undefined;
  };
  /** Does something with a provider. @returns undefined when the provider failed; the log tells why */
  const attempt = <T>(log: FastifyBaseLogger, { app_id, name }: Provider, work: Promise<T>): Promise<T | undefined> =>
    work.catch((error: unknown) => {
      if (!(error instanceof ProviderFailed)) throw error;
      log.warn({ app_id, provider: name, reason: reasonOf(error) }, 'the identity provider failed');
      return undefined;
    });

  route(app, operations.startProviderSignIn, async ({ params, query, request, reply }) => {
    const client = await findClient(database, query.client_id);
    await countBrowser(limiter, client);
    const provider = client?.enabled && (await findProvider(database, client, params.name));
    if (!provider) throw new ProviderNotFound();
    const { redirect_uri: redirectUri, state: ownState, nonce: ownNonce } = query;
    wantRedirectUri(client, redirectUri);
    void reply.header('cache-control', 'no-store');
    const checks = { nonce: newCode(), codeVerifier: newCode() };
    const state = newCode();
    const away = await attempt(
      request.log,
      provider,
      openIdConnect.authorizationUrl(provider, callbackUri(provider), { ...checks, state }),
    );
    if (!away) return goBack(reply, redirectUri, { ...PROVIDER_FAILED, state: ownState });
    await keepState<PendingSignIn>(database, client, state, {
      purpose: 'provider',
      lifetime: AWAY_MS,
      data: {
        ...checks,
        provider: provider.name,
        redirectUri,
        create: query.create_new_user ?? false,
        browser: browsers.begin(reply, state),
        ...(ownState !== undefined && { state: ownState }),
        ...(ownNonce !== undefined && { ownNonce }),
      },
    });
    void reply.header('location', away.href);
    return undefined;
  });

  route(app, operations.completeProviderSignIn, async ({ params, query, request, reply }) => {
    void reply.header('cache-control', 'no-store');
    const pending = await findState<PendingSignIn>(database, 'provider', query.state);
    const isOwn = pending !== undefined && browsers.end(request, reply, query.state, pending.data.browser);
    const client = isOwn ? await findClient(database, pending.client_id) : undefined;
    // The state belongs to the provider that this callback URI belongs to, whichever provider has sent the browser here.
    const isMeant = client?.enabled && client.app_id === params.appId && pending!.data.provider === params.name;
    const provider = isMeant && (await findProvider(database, client, params.name));
    if (!pending || !client || !provider || !(await takeCode(database, pending))) {
      throw new InvalidRequest(
        'The sign-in is unknown, has expired, or was begun in another browser. Start the sign-in again',
      );
    }
    const { redirectUri, state, ownNonce, create, ...checks } = pending.data;
    if ('error' in query) {
      const error = KNOWN_ERRORS.has(String(query.error)) ? String(query.error) : 'server_error';
      return goBack(reply, redirectUri, { error, state });
    }
    // At the server's own address, whatever a proxy in front of it has taken off.
    const landed = new URL(callbackUri(provider));
    landed.search = new URL(request.url, publicUrl).search;
    const external = await attempt(
      request.log,
      provider,
      openIdConnect.externalUser(provider, landed, { ...checks, state: query.state }),
    );
    if (!external) return goBack(reply, redirectUri, { ...PROVIDER_FAILED, state });
    const method = methodOf(provider, external);
    const user = await linkedUser(database, client.tenant_id, method);
    const profile = newProfile(client, external, create);
    if (user?.status === 'Disabled') return goBack(reply, redirectUri, { ...DISABLED, state });
    if (!user && !profile) return goBack(reply, redirectUri, { ...NO_USER, state });
    const code = await browserCode(database, client, {
      ...(user ? { userId: user.user_id } : { create: profile! }),
      redirectUri,
      method,
      wishes: { nonce: ownNonce },
    });
    return goBack(reply, redirectUri, { code, state });
  });
}

/** What an error comes from in the end: a code such as ECONNREFUSED, which quotes nothing that the provider has sent. */
function reasonOf(error: Error & { code?: string }): string {
  let [cause, reason]: [unknown, string] = [error, error.name];
  while (cause instanceof Error) {
    reason = (cause as { code?: string }).code ?? reason;
    cause = cause.cause;
  }
  return reason;
}

const PROVIDER_FAILED = {
  error: 'server_error',
  error_description: 'The identity provider did not respond as OpenID Connect requires',
};
const DISABLED = { error: 'access_denied', error_description: 'The user is disabled' };
const NO_USER = {
  error: 'access_denied',
  error_description: 'No user belongs to this account, and the sign-in may not create one',
};

const findProvider = async (
  database: Database,
  { tenant_id, app_id }: ClientOfApplication,
  name: string,
): Promise<Provider | undefined> => (await listProviders(database, tenant_id, app_id)).find((one) => one.name === name);

/** The provider's name of a user, which no other provider's is. */
const identifierOf = ({ issuer, subject }: ExternalUser): string => `${issuer}#${subject}`;

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
    identifier: identifierOf(external),
    ...(email !== undefined && {
      alias: { type: 'email', value: email },
      proved: { kind: 'email', value: email, elsewhere: true },
    }),
    provider: { source: 'SSO OIDC', email: external.email ?? '' },
    amr: 'fed',
  };
}
