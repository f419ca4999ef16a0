import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepPrograms } from '@coldroom/local';
import { asLines, type Oddities } from './oddities';

const sources = join(__dirname, '..', 'fs');

/** A mounted file system that passes through to a directory, and misbehaves as `set` says. */
export class OddFs {
  private constructor(
    private readonly place: string,
    readonly mountPoint: string,
  ) {}

  /** Mounts an empty one on a directory, which is made if it is missing. */
  static mount(on: string): OddFs {
    const fs = new OddFs(mkdtempSync(join(tmpdir(), 'coldroom-odd-fs-')), on);
    mkdirSync(fs.behind);
    mkdirSync(on, { recursive: true });
    try {
      fs.set();
      fs.mountAgain();
      return fs;
    } catch (error) {
      rmSync(fs.place, { recursive: true });
      throw error;
    }
  }

  /** The directory that it passes through to: what is really there. */
  get behind(): string {
    return join(this.place, 'files');
  }

  /** Replaces the oddities at once, and starts to count calls. Without any it is an ordinary file system. */
  set(oddities: Oddities = {}): void {
    rmSync(`${this.control}.done`, { force: true });
    writeFileSync(`${this.control}.new`, asLines(oddities));
    renameSync(`${this.control}.new`, this.control);
  }

  /** The faults that took place since `set`: `write /a/path`. */
  done(): readonly string[] {
    const file = `${this.control}.done`;
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  }

  unmount(): void {
    if (spawnSync('umount', [this.mountPoint]).status !== 0) spawnSync('umount', ['-l', this.mountPoint]);
  }

  /** With the same content and oddities. */
  mountAgain(): void {
    run(program(), this.behind, this.control, this.mountPoint, '-o', 'allow_other,default_permissions');
  }

  /** Unmounts, and removes all that was in it. */
  remove(): void {
    this.set();
    this.unmount();
    rmSync(this.place, { recursive: true, force: true });
  }

  private get control(): string {
    return join(this.place, 'oddities');
  }
}

/** `describe`, or a reported skip with the reason if this machine cannot mount odd-fs. */
export function describeOddFs(name: string, tests: () => void): void {
  const reason = whyNot();
  if (reason === null) return void describe(name, tests);
  process.stderr.write(`SKIPPED: ${name}: this needs odd-fs (root, FUSE, gcc, libfuse3-dev), and ${reason}\n`);
  describe.skip(`${name} (skipped: ${reason.split('\n')[0]})`, tests);
}

function whyNot(): string | null {
  const on = mkdtempSync(join(tmpdir(), 'coldroom-mount-'));
  try {
    OddFs.mount(on).remove();
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    rmSync(on, { recursive: true, force: true });
  }
}

/** Compiled once for each version of its sources, in a second. */
function program(): string {
  const files = readdirSync(sources).sort();
  const version = createHash('sha256');
  for (const file of files) version.update(readFileSync(join(sources, file)));
  const name = `odd-fs-${version.digest('hex').slice(0, 12)}`;
  const units = files.filter((file) => file.endsWith('.c')).map((file) => join(sources, file));
  const flags = ['-O1', '-Wall', '-Werror', '-D_FILE_OFFSET_BITS=64', '-I/usr/include/fuse3', '-lfuse3', '-lpthread'];
  return join(
    keepPrograms(name, (place) => run('gcc', ...units, '-o', join(place, 'odd-fs'), ...flags)),
    'odd-fs',
  );
}

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
