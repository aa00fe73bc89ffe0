import type { FastifyInstance, FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Counts a request for its source, before anything else of it is read. */
    countSource(request: FastifyRequest): Promise<void>;
  }
}

/**
 * Counts a request for a source.
 * @param source as `sourceOf` gives it
 * @throws ApiError with status 429 when there were too many
 */
export type CountSource = (source: string) => Promise<void>;

export const addSourceLimit = (app: FastifyInstance, count: CountSource): void => {
  app.decorate('countSource', (request: FastifyRequest) => count(sourceOf(request.ip)));
};

/** The source that an IP address belongs to: of IPv6, the network of 64 bits, within which its owner changes it (RFC 4291, 2.5.4). */
export function sourceOf(address: string): string {
  const text = address.trim();
  if (!ipaddr.isValid(text)) return text;
  const parsed = ipaddr.process(text);
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(':') : parsed.toString();
}
