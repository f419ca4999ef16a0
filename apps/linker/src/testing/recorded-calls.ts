import { Refused } from '@coldroom/domain';
import fs from 'node:fs';
import { join, relative } from 'node:path';

/*
 * Records what the tested code changes on disk, in order. All calls reach the file system; a test may have something
 * happen immediately before or after one of them, as if another process had done it. Import this file before the code
 * to be recorded: code that imported `identify` or `renameExchangeSync` earlier would keep the unrecorded ones.
 */
if (Object.keys(require.cache).includes(require.resolve('@coldroom/files')))
  throw new Error('Import testing/recorded-calls first.');

type Exchange = (one: Buffer, other: Buffer) => void;
type Identify = (path: Buffer | string) => Promise<unknown>;
let spyExchange = (real: Exchange): Exchange => real;
let spyIdentify = (real: Identify): Identify => real;

jest.mock('@coldroom/files', () => {
  const files = jest.requireActual<{ readonly renameExchangeSync: Exchange; readonly identify: Identify }>(
    '@coldroom/files',
  );
  return {
    ...files,
    identify: (path: Buffer | string) => spyIdentify(files.identify)(path),
    renameExchangeSync: (one: Buffer, other: Buffer) => spyExchange(files.renameExchangeSync)(one, other),
  };
});

/** Recorded. `identify` and `readlink` are not recorded, since they change nothing, but hooks may wait for them. */
const changes = ['link', 'symlink', 'unlink', 'rename', 'rmdir', 'exchange', 'sync'] as const;
type Name = (typeof changes)[number] | 'identify' | 'readlink';
type Hook = () => void;
type AnyCall = (...args: unknown[]) => unknown;

export class RecordedCalls {
  /**
   * Such as `link tree/f hold/1`, `exchange tree/.coldroom-1 tree/f` or `sync hold`, once the call has returned; with
   * `: CODE` where it failed. Paths are relative to the top directory.
   */
  readonly made: string[] = [];
  private readonly hooks: { readonly when: 'before' | 'after'; readonly call: string; readonly act: Hook }[] = [];
  private exchangeWorks = true;
  private inHook = false;
  private earlier: Promise<unknown> = Promise.resolve();

  private constructor(private readonly top: string) {}

  /** Records calls on paths below `top` until `end`. */
  static async start(top: string): Promise<RecordedCalls> {
    const calls = new RecordedCalls(fs.realpathSync(top));
    for (const name of ['link', 'symlink', 'unlink', 'rename', 'rmdir'] as const) calls.spy(fs, `${name}Sync`, name);
    for (const name of ['unlink', 'readlink'] as const) calls.spy(fs.promises, name, name);
    const handle = await fs.promises.open(top);
    calls.spy(Object.getPrototypeOf(handle), 'sync', 'sync');
    await handle.close();
    spyExchange = (real) => calls.wrapped('exchange', real as AnyCall, () => calls.exchangeWorks) as Exchange;
    spyIdentify = (real) => calls.wrapped('identify', real as AnyCall) as Identify;
    return calls;
  }

  end(): void {
    jest.restoreAllMocks();
    spyExchange = (real) => real;
    spyIdentify = (real) => real;
  }

  /** From now on names cannot be swapped, as on NFS and SMB. */
  withoutExchange(): void {
    this.exchangeWorks = false;
  }

  /** Adds a line of the test's own, such as a check of the claim. */
  note(line: string): void {
    this.made.push(line);
  }

  /**
   * Has `act` run once, immediately before the first call that begins with `call`; the second hook for the same calls
   * runs before the second of them. The call throws whatever `act` throws.
   */
  before(call: Name | `${Name} ${string}`, act: Hook): void {
    this.hooks.push({ when: 'before', call, act });
  }

  /** The same, immediately after the call has returned or failed. */
  after(call: Name | `${Name} ${string}`, act: Hook): void {
    this.hooks.push({ when: 'after', call, act });
  }

  private spy(owner: object, key: string, name: Name): void {
    const real = (owner as Record<string, AnyCall>)[key] as AnyCall;
    jest.spyOn(owner as Record<string, AnyCall>, key).mockImplementation(this.wrapped(name, real));
  }

  private wrapped(name: Name, real: AnyCall, works: () => boolean = () => true): AnyCall {
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    const calls = this;
    return function (this: unknown, ...args: unknown[]): unknown {
      const shown = calls.inHook ? undefined : calls.shown(name, this, args);
      if (shown === undefined) return real.apply(this, args);
      let result: unknown;
      try {
        calls.runHook('before', shown);
        if (!works()) throw new Refused('EXCHANGE_NOT_SUPPORTED', 'the test has the file system refuse this');
        result = real.apply(this, args);
      } catch (error) {
        calls.returned(name, shown, error);
        throw error;
      }
      if (isPromise(result)) return calls.inOrder(result, name, shown);
      calls.returned(name, shown);
      return result;
    };
  }

  /** Calls that run at the same time are recorded in the order in which they began. */
  private inOrder(result: Promise<unknown>, name: Name, shown: string): Promise<unknown> {
    const { earlier } = this;
    this.earlier = (async () => {
      const [outcome] = await Promise.allSettled([result, earlier]);
      this.returned(name, shown, outcome.status === 'rejected' ? outcome.reason : undefined);
      return result;
    })();
    return this.earlier;
  }

  private returned(name: Name, shown: string, error?: unknown): void {
    const failure = error === undefined ? '' : `: ${(error as NodeJS.ErrnoException).code}`;
    if ((changes as readonly Name[]).includes(name)) this.made.push(`${shown}${failure}`);
    this.runHook('after', shown);
  }

  private runHook(when: 'before' | 'after', shown: string): void {
    const index = this.hooks.findIndex((hook) => hook.when === when && `${shown} `.startsWith(`${hook.call} `));
    const [hook] = index < 0 ? [] : this.hooks.splice(index, 1);
    if (!hook) return;
    this.inHook = true;
    try {
      hook.act();
    } finally {
      this.inHook = false;
    }
  }

  /** Undefined for what is not below the top directory. */
  private shown(name: Name, owner: unknown, args: readonly unknown[]): string | undefined {
    const paths =
      name === 'sync'
        ? [`/proc/self/fd/${(owner as { readonly fd: number }).fd}/.`]
        : args.slice(name === 'symlink' ? 1 : 0, name === 'identify' || name === 'readlink' ? 1 : 2);
    const below = paths
      .filter((path) => typeof path === 'string' || Buffer.isBuffer(path))
      .map((path) => this.below(String(path)));
    return below.includes(undefined) ? undefined : [name, ...below].join(' ');
  }

  private below(path: string): string | undefined {
    const [, directory, rest] = /^(\/proc\/self\/fd\/\d+)\/(.*)$/s.exec(path) ?? [];
    const real = directory === undefined ? path : join(fs.readlinkSync(directory), rest as string);
    const shown = relative(this.top, real);
    return shown.startsWith('..') ? undefined : shown || '.';
  }
}

/** Those of Node's own modules come from outside jest's context, where `Promise` is another one. */
function isPromise(result: unknown): result is Promise<unknown> {
  return typeof (result as Promise<unknown> | undefined)?.then === 'function';
}
