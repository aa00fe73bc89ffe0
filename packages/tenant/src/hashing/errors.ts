import { randomInt } from 'node:crypto';
import { defineError } from '../errors.ts';

/** More secrets and passwords wait to be hashed than can be in good time. */
export class HashingBusy extends defineError({
  code: 'hashing_busy',
  status: 503,
  meaning: 'More secrets and passwords came at once than can be hashed in good time; nothing was changed.',
  remedy: 'Send the request again after the seconds that Retry-After names, with fewer passwords at once.',
}) {
  override readonly headers: Record<string, string>;
  constructor() {
    super('Too many secrets and passwords came at once: send the request again');
    // Not all at the same second, or they would be too many again.
    this.headers = { 'retry-after': String(randomInt(1, 5)) };
  }
}
