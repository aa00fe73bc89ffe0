import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** What a stand-in provider says of the account that signs in: each source says what it likes. */
export interface Account {
  sub: string;
  idToken?: Record<string, unknown>;
  userInfo?: Record<string, unknown>;
}

/** An OpenID Connect provider that signs everybody in at once, and says what the test wants it to say. */
export interface StandInProvider {
  issuer: string;
  /** Who signs in next. */
  account: Account;
  /** Text after the discovery document, to make it large. */
  padding: string;
  /** Whether it compresses its responses, whatever the request accepts. */
  compressed: boolean;
  /** How many requests came, by path. */
  requests: Map<string, number>;
  close(): Promise<void>;
}

export const STAND_IN_CLIENT = { client_id: 'stand-in', client_secret: 'a secret of theirs' };

export async function startStandInProvider(): Promise<StandInProvider> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: '1', alg: 'RS256', use: 'sig' };
  const codes = new Map<string, { account: Account; nonce: string }>();
  const tokens = new Map<string, Account>();
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url!, provider.issuer);
      provider.requests.set(url.pathname, (provider.requests.get(url.pathname) ?? 0) + 1);
      const json = (body: object, after = ''): void =>
        void (provider.compressed
          ? response
              .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
              .end(gzipSync(JSON.stringify(body) + after))
          : response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body) + after));
      const { issuer } = provider;
      switch (url.pathname) {
        case '/.well-known/openid-configuration':
          return json(
            {
              issuer,
              authorization_endpoint: `${issuer}/authorize`,
              token_endpoint: `${issuer}/token`,
              userinfo_endpoint: `${issuer}/me`,
              jwks_uri: `${issuer}/jwks`,
            },
            provider.padding,
          );
        case '/jwks':
          return json({ keys: [jwk] });
        case '/authorize': {
          const code = `code-${codes.size}`;
          codes.set(code, { account: provider.account, nonce: url.searchParams.get('nonce')! });
          const back = new URL(url.searchParams.get('redirect_uri')!);
          back.searchParams.set('code', code);
          back.searchParams.set('state', url.searchParams.get('state')!);
          return void response.writeHead(302, { location: back.href }).end();
        }
        case '/token': {
          const chunks: Buffer[] = [];
          for await (const chunk of request) chunks.push(chunk as Buffer);
          const { account, nonce } = codes.get(new URLSearchParams(Buffer.concat(chunks).toString()).get('code')!)!;
          const access_token = `token-${tokens.size}`;
          tokens.set(access_token, account);
          const id_token = await new SignJWT({ ...account.idToken, nonce })
            .setProtectedHeader({ alg: 'RS256', kid: '1' })
            .setIssuer(issuer)
            .setSubject(account.sub)
            .setAudience(STAND_IN_CLIENT.client_id)
            .setIssuedAt()
            .setExpirationTime('5m')
            .sign(privateKey);
          return json({ access_token, token_type: 'Bearer', id_token });
        }
        case '/me': {
          const account = tokens.get(request.headers.authorization!.slice('Bearer '.length))!;
          return json({ sub: account.sub, ...account.userInfo });
        }
        default:
          response.writeHead(404).end();
      }
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const provider: StandInProvider = {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    account: { sub: 'nobody' },
    padding: '',
    compressed: false,
    requests: new Map(),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return provider;
}

/** Follows a sign-in through redirects, as a browser does. @returns where it ends at the application */
export async function browseTo(start: string, redirectUri: string): Promise<URL> {
  const cookies = new Map<string, string>();
  for (let next = start, step = 0; step < 10; step += 1) {
    if (next.startsWith(redirectUri)) return new URL(next);
    const answer = await fetch(next, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [name, value = ''] = cookie.split(';')[0]!.split('=');
      cookies.set(name!, value);
    }
    const location = answer.headers.get('location');
    if (!location) throw new Error(`The sign-in ends with ${answer.status} at ${next}: ${await answer.text()}`);
    next = new URL(location, next).href;
  }
  throw new Error('The sign-in does not end');
}
