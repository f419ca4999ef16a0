import type { LookupAddress, LookupOptions } from 'node:dns';
import { lookup } from 'node:dns';
import { BlockList, isIP } from 'node:net';

/** Link-local addresses, and those at which clouds tell secrets of the machine: no appliance is there. */
const forbidden = new BlockList();
forbidden.addSubnet('169.254.0.0', 16);
forbidden.addSubnet('0.0.0.0', 8);
forbidden.addAddress('100.100.100.200');
forbidden.addAddress('168.63.129.16');
forbidden.addSubnet('fe80::', 10, 'ipv6');
forbidden.addAddress('::', 'ipv6');
forbidden.addAddress('fd00:ec2::254', 'ipv6');

function isForbidden(address: string): boolean {
  return forbidden.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** What is wrong with the URL of an appliance, or null. */
export function whyNotAppliance(text: string): string | null {
  if (!URL.canParse(text)) return 'must be a URL such as https://arkivum.example.org:8443';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be an https:// URL';
  if (url.username !== '' || url.password !== '') return 'must hold no user and no password: secrets do not belong into this file';
  if (url.search !== '' || url.hash !== '') return 'must hold nothing behind its path';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(host) !== 0 && isForbidden(host) ? `names the address ${host}, at which no appliance can be` : null;
}

type Found = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/** `dns.lookup` that gives no name away that leads to a forbidden address: a name may change what it leads to. */
export function lookupAppliance(host: string, options: LookupOptions, found: Found): void {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error) return found(error, []);
    const bad = addresses.find(({ address }) => isForbidden(address));
    if (bad) return found(Object.assign(new Error(`${host} leads to ${bad.address}, at which no appliance can be`), { code: 'ADDRESS_NOT_ALLOWED' }), []);
    if (options.all) return found(null, addresses);
    const [first] = addresses;
    return found(null, first?.address ?? '', first?.family);
  });
}
