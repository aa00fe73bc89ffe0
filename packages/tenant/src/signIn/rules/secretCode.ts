import { createHash, randomBytes, randomInt } from 'node:crypto';

/** Codes that nobody can guess, and what is kept of them. */

/** 256 bits, for URLs. */
export const newCode = (): string => randomBytes(32).toString('base64url');

/** So many digits, each as likely as the others. */
export const newPasscode = (digits: number): string => String(randomInt(10 ** digits)).padStart(digits, '0');

/** What is kept of a code. @param salt makes that of a short one unlike any other's */
export const hashCode = (code: string, salt = ''): string =>
  createHash('sha256').update(`${salt}\n${code}`).digest('base64url');

/** Whether a code comes with the request ID that it was asked for with, where it was asked for with one. */
export const isOfRequest = (requestId: string | undefined, hash: string | undefined): boolean =>
  hash === undefined || (requestId !== undefined && hashCode(requestId) === hash);
