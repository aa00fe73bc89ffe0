import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP } from 'node:net';
import type { Agent, fetch as undiciFetch } from 'undici';
import { mayReach, type MayReach } from './addresses.ts';

/** How long a connection, the header and each piece of a response may take, and the whole response. */
const CONNECT_MS = 3000;
const WAIT_MS = 5000;
const WHOLE_MS = 8000;
/** Discovery documents, key sets and tokens have a few kilobytes. */
const RESPONSE_MAX_BYTES = 512 * 1024;

/** An address that outgoing requests may not reach. */
class AddressRefused extends Error {
  override name = 'AddressRefused';
  /** As `TESSERA_PRIVATE_ADDRESSES` could name it. */
  readonly code = 'ADDRESS_REFUSED';
  constructor() {
    super('The host is at a private or special address: TESSERA_PRIVATE_ADDRESSES does not allow it');
  }
}

/** All HTTP requests of the server to others, wherever their URLs come from. */
export interface Outgoing {
  /**
   * `fetch` that reaches public addresses and those that the operator allows. It checks the address of each connection that it
   * makes, after the name is resolved, follows no redirects, and bounds time and size.
   */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;
  /** Whether a URL names an address that is refused, as far as that can be told without resolving a name. */
  refuses(url: URL): boolean;
  close(): Promise<void>;
}

/** @param privateAddresses networks that may be reached though they are not public */
export function makeOutgoing(privateAddresses: readonly string[] = []): Outgoing {
  const reaches = mayReach(privateAddresses);
  // Loaded for the first request: a start should not wait for it.
  const load = async () => {
    const { Agent, fetch } = await import('undici');
    return { fetch, agent: new Agent(optionsOf(reaches)) };
  };
  let loaded: Promise<{ fetch: typeof undiciFetch; agent: Agent }> | undefined;
  return {
    async fetch(url, init = {}) {
      loaded ??= load();
      const { fetch, agent } = await loaded;
      const signals = [AbortSignal.timeout(WHOLE_MS), ...(init.signal ? [init.signal] : [])];
      if (refuses(reaches, new URL(url))) throw new AddressRefused();
      const headers = new Headers(init.headers);
      // What is compressed could be a thousand times as large.
      headers.set('accept-encoding', 'identity');
      const response = await fetch(url, {
        ...(init as object),
        headers: Object.fromEntries(headers),
        redirect: 'manual',
        signal: AbortSignal.any(signals),
        dispatcher: agent,
      });
      if (!['identity', null].includes(response.headers.get('content-encoding'))) {
        await response.body?.cancel();
        throw new TypeError('The response is compressed, though the request does not accept that');
      }
      return response;
    },
    refuses: (url) => refuses(reaches, url),
    close: async () => (await loaded)?.agent.destroy(),
  };
}

const optionsOf = (reaches: MayReach): Agent.Options => ({
  connect: { timeout: CONNECT_MS, lookup: lookupOf(reaches) },
  headersTimeout: WAIT_MS,
  bodyTimeout: WAIT_MS,
  maxResponseSize: RESPONSE_MAX_BYTES,
  // A connection that is kept would outlive a change of the name.
  keepAliveTimeout: 4000,
  connections: 16,
});

/** No name is resolved for an address that stands in the URL itself, nor for this machine (RFC 6761, 6.3). */
function refuses(reaches: MayReach, { hostname }: URL): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return !reaches('127.0.0.1') && !reaches('::1');
  const address = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return isIP(address) !== 0 && !reaches(address);
}

type Callback = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/** Resolves a name as Node does, and gives the addresses that may be reached. */
const lookupOf =
  (reaches: MayReach) =>
  (hostname: string, options: LookupOptions, callback: Callback): void => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const addresses = found.filter(({ address }) => reaches(address));
      const [first] = addresses;
      if (!first) return callback(new AddressRefused(), []);
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
