import { Injectable } from '@nestjs/common';
import { Transient } from '@coldroom/domain';

const windowMs = 15 * 60_000;
const limits = { account: 10, address: 50 } as const;
const mostKeys = 100_000;

interface Counted {
  failures: number;
  readonly until: number;
}

/** Slows down whoever guesses passwords: so many failures for each account, and for each address, in a quarter of an hour. */
@Injectable()
export class SignInAttempts {
  private readonly counted = new Map<string, Counted>();

  constructor(private readonly now: () => number = Date.now) {}

  /** Throws `Transient` `TOO_MANY_ATTEMPTS` where another attempt has to wait. Call it before the password is checked. */
  check(account: string, address: string): void {
    for (const [kind, key] of keysOf(account, address)) {
      const found = this.counted.get(key);
      if (!found || found.until <= this.now() || found.failures < limits[kind]) continue;
      const minutes = Math.ceil((found.until - this.now()) / 60_000);
      throw new Transient('TOO_MANY_ATTEMPTS', `Too many attempts to sign in. Try again in ${minutes} minutes.`);
    }
  }

  failed(account: string, address: string): void {
    for (const [, key] of keysOf(account, address)) {
      const found = this.counted.get(key);
      if (found && found.until > this.now()) found.failures += 1;
      else this.remember(key);
    }
  }

  succeeded(account: string): void {
    this.counted.delete(accountKey(account));
  }

  private remember(key: string): void {
    this.counted.delete(key);
    this.counted.set(key, { failures: 1, until: this.now() + windowMs });
    const [oldest] = this.counted.keys();
    if (this.counted.size > mostKeys && oldest !== undefined) this.counted.delete(oldest);
  }
}

const accountKey = (account: string): string => `account ${account.toLowerCase()}`;

function keysOf(account: string, address: string): readonly (readonly [keyof typeof limits, string])[] {
  return [
    ['account', accountKey(account)],
    ['address', `address ${address}`],
  ];
}
