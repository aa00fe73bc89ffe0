import ipaddr from 'ipaddr.js';

/** Which addresses outgoing requests may reach. */
export type MayReach = (address: string) => boolean;

/**
 * Public addresses only: not those of this machine, of private networks, of link-local metadata services, or of any other range
 * that the Internet does not route (IANA special-purpose registries). Addresses that carry another one, such as NAT64, count as
 * special.
 * @param allowed networks that may be reached all the same, such as `10.0.0.0/8`
 */
export function mayReach(allowed: readonly string[]): MayReach {
  const networks = allowed.map((network) => ipaddr.parseCIDR(withPrefix(network)));
  return (address) => {
    if (!ipaddr.isValid(address)) return false;
    const parsed = ipaddr.process(address);
    const isAllowed = networks.some(
      ([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits),
    );
    // Of IPv6, 2000::/3 is all that is assigned to the Internet (IANA).
    const isGlobal = parsed instanceof ipaddr.IPv4 || (parsed.parts[0]! & 0xe000) === 0x2000;
    return isAllowed || (isGlobal && parsed.range() === 'unicast');
  };
}

const withPrefix = (network: string): string =>
  network.includes('/') ? network : `${network}/${network.includes(':') ? 128 : 32}`;
