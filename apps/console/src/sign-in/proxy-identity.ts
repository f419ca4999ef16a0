import { BlockList } from 'node:net';
import type { Request } from 'express';
import { Refused } from '@coldroom/domain';
import type { Log } from '@coldroom/runtime';

export interface ProxySettings {
  /** The header in which the proxy in front names the OMERO login, in lower case. */
  readonly header: string;
  /** Addresses and networks from which that header is believed. */
  readonly addresses: readonly string[];
  /** Where the proxy ends its own session. */
  readonly signOutUrl: string | undefined;
}

type Sent = Pick<Request, 'headersDistinct' | 'socket'>;

const mostAddresses = 100;

/** Reads who sends a request from the header of a proxy that has already checked it. */
export class ProxyIdentity {
  private readonly trusted = new BlockList();
  private readonly reported = new Set<string>();

  constructor(
    private readonly settings: ProxySettings,
    private readonly log: Log,
  ) {
    for (const address of settings.addresses) addNetwork(this.trusted, address);
  }

  get signOutUrl(): string | undefined {
    return this.settings.signOutUrl;
  }

  /**
   * The OMERO login name that the proxy gives. `Refused` `PROXY_USER_MISSING` or `PROXY_USER_AMBIGUOUS` if it gives none
   * or several, or if the request did not come from it.
   */
  loginOf({ headersDistinct, socket }: Sent): string {
    const given = headersDistinct[this.settings.header] ?? [];
    // Only the other end of the connection counts: X-Forwarded-For is whatever a sender writes.
    if (!this.isTrusted(socket.remoteAddress)) {
      if (given.length > 0) this.reportOnce(socket.remoteAddress ?? 'unknown');
      throw missing();
    }
    if (given.length > 1)
      throw new Refused('PROXY_USER_AMBIGUOUS', 'The proxy in front of Coldroom names more than one user.');
    const login = decode(given[0] ?? '');
    if (login === undefined || login.trim() === '') throw missing();
    return login;
  }

  private isTrusted(address: string | undefined): boolean {
    if (address === undefined) return false;
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
    return this.trusted.check(plain, plain.includes(':') ? 'ipv6' : 'ipv4');
  }

  private reportOnce(address: string): void {
    if (this.reported.has(address) || this.reported.size >= mostAddresses) return;
    this.reported.add(address);
    this.log.warn('identity of a proxy ignored', {
      address,
      header: this.settings.header,
      code: 'PROXY_NOT_TRUSTED',
    });
  }
}

function missing(): Refused {
  return new Refused(
    'PROXY_USER_MISSING',
    'The proxy in front of Coldroom did not say who you are. Use the address that the facility gives for Coldroom; if this is it, tell the administrator.',
  );
}

/** Node.js reads headers as Latin-1; proxies write names as UTF-8. Undefined for anything else. */
function decode(value: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'latin1'));
  } catch {
    return undefined;
  }
}

function addNetwork(list: BlockList, network: string): void {
  const [address = '', bits] = network.split('/');
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(bits), family);
}
