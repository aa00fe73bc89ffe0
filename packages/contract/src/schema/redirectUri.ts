/** Redirect URIs: which ones a client may register, and which of them a request means. */

/** Whether a host, as `URL` gives it, is the machine itself. */
export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';

/** What a URI is made of (RFC 3986), without the fragment. */
const URI_CHARACTERS = /^[!$-;=?-[\]_a-z~%]+$/;
/** A scheme that its owner has a domain name for (RFC 8252, 7.1), such as `com.example.app`. */
const PRIVATE_USE_SCHEME = /^[a-z][a-z0-9+-]*\.[a-z0-9+.-]+$/;

/**
 * Whether a browser may be sent to a URI with a code: an https URI, an http URI on the user's own machine (RFC 8252, 7.3), or a
 * URI with a private-use scheme (RFC 8252, 7.1). Without a fragment (RFC 6749, 3.1.2) or user information, and without anything
 * that two URL parsers understand differently.
 */
export function isRedirectUri(value: string): boolean {
  if (!URI_CHARACTERS.test(value)) return false;
  const url = URL.parse(value);
  if (!url || url.username !== '' || url.password !== '') return false;
  const scheme = url.protocol.slice(0, -1);
  if (scheme === 'https' || scheme === 'http') {
    const authority = value.slice(scheme.length).split(/[/?]/, 3)[2] ?? '';
    // As it is written, and not another form of it, such as an octal address: other parsers understand those differently.
    const host = authority.replace(/:\d{0,5}$/, '').toLowerCase();
    if (!value.toLowerCase().startsWith(`${scheme}://`) || host === '' || host !== url.hostname || host.includes('*'))
      return false;
    return scheme === 'https' || isLoopback(url.hostname);
  }
  return PRIVATE_USE_SCHEME.test(scheme);
}

const LOOPBACK_PORT = /^(http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])):\d{1,5}(?=[/?]|$)/;

/**
 * Whether a request names a registered redirect URI: character by character, but for the port of one on the user's own machine,
 * where a native application takes whatever port is free (RFC 8252, 7.3).
 */
export const redirectUriMatches = (registered: string, requested: string): boolean =>
  registered === requested || withoutPort(registered) === withoutPort(requested);

const withoutPort = (uri: string): string => uri.replace(LOOPBACK_PORT, '$1');

/** A redirect URI with parameters added to its query, which stays as it is, byte for byte (RFC 6749, 3.1.2 and 4.1.2). */
export function withParameters(redirectUri: string, parameters: Record<string, string | undefined>): string {
  const added = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) added.append(name, value);
  const separator = !redirectUri.includes('?') ? '?' : /[?&]$/.test(redirectUri) ? '' : '&';
  return `${redirectUri}${separator}${added.toString()}`;
}

/** Whether a URL may be an issuer identifier (OpenID Connect Discovery 1.0, 2): https, or http on this machine. */
export function isIssuer(value: string): boolean {
  if (!isRedirectUri(value) || value.includes('?')) return false;
  return /^https?:/i.test(value);
}
