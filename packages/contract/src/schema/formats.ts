import { isPossiblePhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js';
import { isEmail } from './email.ts';
import { isIssuer, isRedirectUri } from './redirectUri.ts';
import { isUsername } from './username.ts';

/** A named string format: how to test a value, and how to say in a sentence what it must be. */
export interface StringFormat {
  /** In UTF-16 code units. A longer value fails before anything else looks at it. */
  maxLength: number;
  test(value: string): boolean;
  /** Reads after a property's name: "email must be …". */
  reason: string;
}

// PostgreSQL stores neither NUL nor half a surrogate pair, and no profile field is meant to hold a line break.
const isPlainText = (value: string): boolean => value.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(value);

const E164 = /^\+[1-9]\d{1,14}$/;
const BIRTHDAY =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::(?:[0-5]\d|60)(?:[.,]\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?)?$/i;
/** A calendar date that exists, alone or at the start of a date-time (`YYYY-MM-DD`, RFC 3339). */
function isBirthday(value: string): boolean {
  const [, year, month, day] = BIRTHDAY.exec(value) ?? [];
  if (!year || !month || !day) return false;
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  // Date rolls 30 February over to March instead of refusing it.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(`${year}-${month}-${day}`);
}

function isHttpUrl(value: string): boolean {
  if (!isPlainText(value) || !/^https?:\/\//i.test(value)) return false;
  return URL.canParse(value);
}

/** A format whose test sees no text of more than `maxLength` UTF-16 code units. */
const format = (maxLength: number, test: (value: string) => boolean, reason: string): StringFormat => ({
  maxLength,
  test: (value) => value.length <= maxLength && test(value),
  reason,
});

/** For formats that take linear time, whose schemas set tighter limits of their own. */
const ANY_LENGTH = 256 * 1024;
/** An identifier has at most 255 characters, each of at most two code units. */
const IDENTIFIER_LENGTH = 510;
const URI_LENGTH = 4096;

/** The string formats that the schemas name in `format`. Each validator of the contract is set up with these. */
export const formats = {
  'plain-text': format(ANY_LENGTH, isPlainText, 'must not contain control characters or broken Unicode'),
  email: format(IDENTIFIER_LENGTH, isEmail, 'must be an email address'),
  e164: format(
    16,
    // What it reads as must be what was written: +44 020… is +44 20…, and one user.
    (value) => E164.test(value) && isPossiblePhoneNumber(value) && parsePhoneNumberFromString(value)?.number === value,
    'must be a phone number in E.164 format, such as +12125550123',
  ),
  username: format(
    IDENTIFIER_LENGTH,
    isUsername,
    'must be words of letters, digits and visible ASCII with one space between them (RFC 8265)',
  ),
  birthday: format(40, isBirthday, 'must be a date (YYYY-MM-DD) or an ISO 8601 date-time'),
  'http-url': format(URI_LENGTH, isHttpUrl, 'must be an http or https URL'),
  uri: format(URI_LENGTH, (value) => isPlainText(value) && URL.canParse(value), 'must be an absolute URI'),
  'redirect-uri': format(
    URI_LENGTH,
    isRedirectUri,
    'must be an https URI, an http URI on this machine, or a URI with a private-use scheme such as com.example.app:/signed-in, without a fragment or user information',
  ),
  issuer: format(
    URI_LENGTH,
    isIssuer,
    'must be an https URL, or an http URL on this machine, without a query, a fragment or user information',
  ),
  'hex-color': format(7, (value) => /^#(?:[\da-f]{3}|[\da-f]{6})$/i.test(value), 'must be a color such as #3b82f6'),
  'approval-text': format(
    ANY_LENGTH,
    (value) => /^[A-Za-z0-9_.-]*$/.test(value),
    'must have no other characters than letters, digits, underscores, hyphens and periods',
  ),
  'otp-message': format(
    1024,
    (value) => isPlainText(value) && value.includes('{otp}') && value.includes('{app}'),
    'must contain {otp} and {app}, and no control characters',
  ),
} satisfies Record<string, StringFormat>;

export type FormatName = keyof typeof formats;
