import { domainToASCII } from 'node:url';
import { isNormalizable, normalized } from './normalized.ts';

/** Email addresses, internationalised ones too (RFC 6531): when one is valid, and the form in which two are compared. */

// The HTML standard's "valid email address", with at least two labels in the host: what people can really be reached at.
const LOCAL = /^[a-z0-9.!#$%&'*+/=?^_`{|}~\p{L}\p{M}\p{N}-]+$/iu;
const HOST = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const ASCII = /^[\x20-\x7e]*$/;

/** Whether a text is an address that mail can go to. */
export function isEmail(value: string): boolean {
  const [local, host] = parts(value);
  if (host === undefined || Buffer.byteLength(local) > 64 || /^\.|\.\.|\.$/.test(local) || !LOCAL.test(local)) {
    return false;
  }
  const form = canonicalEmail(value);
  return form.length <= 254 && HOST.test(form.slice(form.lastIndexOf('@') + 1));
}

/**
 * The form in which addresses are stored and compared: lower case, composed (NFC), the host in ASCII (RFC 5891, A-labels).
 * Text that is no address is only put into lower case.
 */
export function canonicalEmail(value: string): string {
  // Nobody has such an address, and neither normalization nor Punycode takes linear time.
  if (!isNormalizable(value)) return value.toLowerCase();
  const [local, host] = parts(value);
  const left = normalized(local.toLowerCase(), 'NFC');
  if (host === undefined) return left;
  // Only such a host means another one: domainToASCII would also take numbers and escapes for hosts.
  const international = !ASCII.test(host) && /^[\p{L}\p{M}\p{N}.-]+$/u.test(host);
  // What is no host, or not all of one, stays what it is: it is nobody's.
  const form = (international && domainToASCII(host)) || host.toLowerCase();
  return `${left}@${form}`;
}

function parts(value: string): [string, string | undefined] {
  const at = value.lastIndexOf('@');
  return at < 0 ? [value, undefined] : [value.slice(0, at), value.slice(at + 1)];
}
