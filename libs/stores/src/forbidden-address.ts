import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIPv6 } from 'node:net';

const forbidden = new BlockList();
forbidden.addSubnet('169.254.0.0', 16);
forbidden.addSubnet('0.0.0.0', 8);
forbidden.addAddress('100.100.100.200');
forbidden.addAddress('168.63.129.16');
forbidden.addSubnet('fe80::', 10, 'ipv6');
forbidden.addAddress('::', 'ipv6');
forbidden.addAddress('fd00:ec2::254', 'ipv6');

/**
 * Link-local addresses, and those at which clouds publish secrets of the machine: no store may be there, whatever the
 * settings or DNS answers say.
 */
export function isForbidden(address: string): boolean {
  return forbidden.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

export class AddressNotAllowed extends Error {
  readonly code = 'ADDRESS_NOT_ALLOWED';

  constructor(
    host: string,
    readonly address: string,
  ) {
    super(`${host} leads to ${address}, at which no store can be`);
  }
}

type Found = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/**
 * `dns.lookup` that fails with `AddressNotAllowed` if any address of a name is forbidden: a name may resolve
 * differently later.
 */
export function guardedLookup(host: string, options: LookupOptions, found: Found): void {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error) return found(error, []);
    const bad = addresses.find(({ address }) => isForbidden(address));
    if (bad) return found(new AddressNotAllowed(host, bad.address), []);
    if (options.all) return found(null, addresses);
    const [first] = addresses;
    if (!first) return found(Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' }), []);
    return found(null, first.address, first.family);
  });
}
