import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { SealOrder } from '../files';
import type { Scratch } from './scratch';

interface Ended {
  readonly answer: string;
  readonly signal: string | null;
}

export interface SeparateCopy {
  readonly scratch: Scratch;
  /** Below the root, and under the same names below the prefix. */
  readonly paths: readonly string[];
  readonly prefix: string;
  readonly crashAt?: string;
  readonly leaseMilliseconds?: number;
  /** JavaScript that runs while files are copied. */
  readonly meanwhile?: string;
  /** A user other than ours; needs root. */
  readonly uid?: number;
}

/**
 * Copies in a separate process, by the compiled code. `answer` is the list of outcomes (`ok` or a code), or the code of
 * the whole call's error; empty if the process was killed.
 */
export function copyInSeparateProcess(order: SeparateCopy): Ended {
  const { scratch, paths, prefix, crashAt, leaseMilliseconds = 3_600_000, meanwhile = '', uid } = order;
  return runCompiled(
    `
    const { root, store, paths, prefix, crashAt, lease } = ${JSON.stringify({ ...scratch, paths, prefix, crashAt, lease: leaseMilliseconds })};
    const identity = (path) => identityOf(require('node:fs').lstatSync(root + '/' + path, { bigint: true }));
    const sources = paths.map((path) => ({ root, path: Buffer.from(path), copyPath: Buffer.from(path), identity: identity(path) }));
    deadline[0] = process.hrtime.bigint() + BigInt(lease) * 1000000n;
    const files = new Files({ threads: 1, crashAt });
    files.copy(sources, { root: store, prefix: Buffer.from(prefix) }, work)
      .then((outcomes) => outcomes.map((outcome) => outcome.error?.code ?? 'ok').join(), (error) => error.code)
      .then((answer) => { console.log(answer); return files.close(); });
    ${meanwhile}`,
    uid,
  );
}

/** What a probe by this user says of the owners of files, and whom its files belong to. */
export function probeInSeparateProcess(directory: string, name: string, uid: number): Ended {
  return runCompiled(
    `
    const { openRoot, probe } = require(${JSON.stringify(resolve(__dirname, '../../dist'))});
    openRoot(${JSON.stringify(directory)}, ${JSON.stringify(name)})
      .then((root) => probe(root, Buffer.from('.open')))
      .then(({ abilities, newFiles }) => console.log(JSON.stringify([abilities.owners.answer, newFiles])));`,
    uid,
  );
}

export function sealInSeparateProcess(scratch: Scratch, order: SealOrder, crashAt: string): Ended {
  const plain = {
    ...order,
    open: order.open.toString(),
    sealed: order.sealed.toString(),
    keep: order.keep.map(String),
    tags: order.tags.map(({ name, content }) => ({ name, content: content.toString() })),
  };
  return runCompiled(`
    const { root, open, sealed, keep, tags } = ${JSON.stringify({ ...plain, root: scratch.store })};
    new Files({ threads: 1, crashAt: ${JSON.stringify(crashAt)} }).seal({
      root, open: Buffer.from(open), sealed: Buffer.from(sealed), keep: keep.map((path) => Buffer.from(path)), tags: tags.map(({ name, content }) => ({ name, content: Buffer.from(content) })),
    }, work).then(() => process.exit(0));`);
}

/** Ends threads whose code, in a directory of the scratch, loads the native code again and again. */
export function endThreadsWhileTheyLoad({ store }: Scratch): Ended {
  writeFileSync(
    join(store, 'worker.js'),
    `
    const native = Object.keys(require.cache).filter((file) => file.endsWith('.node'));
    require(${JSON.stringify(require.resolve('koffi'))});
    const loaded = Object.keys(require.cache).filter((file) => file.endsWith('.node') && !native.includes(file));
    for (let times = 0; times < 2000; times++) for (const file of loaded) { delete require.cache[file]; require(file); }
    module.exports = async () => ({ ok: 'done' });`,
  );
  return runCompiled(`
    const { Threads } = require(${JSON.stringify(resolve(__dirname, '../../dist/threads.js'))});
    const threads = new Threads(${JSON.stringify(store)}, { threads: 1, data: {} });
    setTimeout(() => threads.close().then(() => console.log('ended')), 300);`);
}

function runCompiled(body: string, uid?: number): Ended {
  const script = `
    const { Files, identityOf } = require(${JSON.stringify(resolve(__dirname, '../../dist'))});
    const deadline = new BigInt64Array(new SharedArrayBuffer(8)).fill(2n ** 62n);
    const work = { deadline, signal: new AbortController().signal, progress: () => {} };
    ${body}`;
  const { stdout, stderr, signal } = spawnSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  if (stderr !== '') throw new Error(stderr);
  return { answer: stdout.trim(), signal };
}
