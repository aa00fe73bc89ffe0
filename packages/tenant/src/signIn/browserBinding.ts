import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseCookie, stringifySetCookie } from 'cookie';
import { hashCode, newCode } from './rules/secretCode.ts';

/**
 * Binds a sign-in with an identity provider to the browser that began it, so that nobody can make another browser finish it
 * (RFC 9700, 4.7). The browser keeps a secret in a cookie, and the state has its hash.
 */
export interface BrowserBinding {
  /** Gives the browser the secret of a new sign-in. @returns its hash */
  begin(reply: FastifyReply, state: string): string;
  /** Whether a request comes from the browser that began the sign-in. The cookie is removed. */
  end(request: FastifyRequest, reply: FastifyReply, state: string, hash: string): boolean;
}

/**
 * @param publicUrl where browsers reach the server; without TLS the cookie cannot be a secure one, which is for trying things out
 * @param lifetime of a sign-in, in milliseconds
 */
export function makeBrowserBinding(publicUrl: string, lifetime: number): BrowserBinding {
  const secure = publicUrl.startsWith('https:');
  // A cookie for each sign-in, since a browser may begin several. With the prefix, no other host can set it (RFC 6265bis, 4.1.3.2).
  const nameOf = (state: string): string => `${secure ? '__Host-' : ''}tessera-sign-in-${hashCode(state).slice(0, 16)}`;
  const attributes = { httpOnly: true, sameSite: 'lax', secure, path: '/' } as const;
  return {
    begin(reply, state) {
      const secret = newCode();
      const cookie = { name: nameOf(state), value: secret, maxAge: lifetime / 1000, ...attributes };
      void reply.header('set-cookie', stringifySetCookie(cookie));
      return hashCode(secret);
    },

    end({ headers }, reply, state, hash) {
      const name = nameOf(state);
      const secret = parseCookie(headers.cookie ?? '')[name];
      void reply.header('set-cookie', stringifySetCookie({ name, value: '', maxAge: 0, ...attributes }));
      return secret !== undefined && hashCode(secret) === hash;
    },
  };
}
