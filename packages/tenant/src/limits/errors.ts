import { defineError } from '../errors.ts';

/** Too many requests of one kind in a while. */
export class TooManyRequests extends defineError({
  code: 'too_many_requests',
  status: 429,
  meaning:
    'More sign-ins or messages were asked for by this client, for this address or from this source than are let through.',
  remedy: 'Send the request again after the seconds that Retry-After names. What is let through can be configured.',
}) {
  override readonly headers: Record<string, string>;
  constructor(what: string, milliseconds: number) {
    super(`Too many requests came ${what}: send the request again later`);
    this.headers = { 'retry-after': String(Math.max(1, Math.ceil(milliseconds / 1000))) };
  }
}
