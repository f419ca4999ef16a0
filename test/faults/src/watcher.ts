import { Worker } from 'node:worker_threads';

/**
 * Checks files again and again, as fast as it can, in a separate thread: does their path hold the whole file at every
 * moment?
 */
export class Watcher {
  private readonly stop = new Int32Array(new SharedArrayBuffer(4));
  private readonly ended: Promise<{ readonly rounds: number; readonly faults: readonly string[] }>;

  constructor(paths: readonly string[]) {
    const worker = new Worker(watch, { eval: true, workerData: { paths, stop: this.stop } });
    this.ended = new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  }

  /** How often all were checked, and what was wrong. */
  async end(): Promise<{ readonly rounds: number; readonly faults: readonly string[] }> {
    Atomics.store(this.stop, 0, 1);
    return this.ended;
  }
}

const watch = `
  const { parentPort, workerData: { paths, stop } } = require('node:worker_threads');
  const { statSync } = require('node:fs');
  const look = (path) => {
    try { const { size, mtimeMs } = statSync(path); return size + ' bytes of ' + mtimeMs; } catch (error) { return error.code; }
  };
  const before = paths.map(look);
  const faults = new Set();
  let rounds = 0;
  for (; !Atomics.load(stop, 0); rounds += 1) paths.forEach((path, index) => {
    const now = look(path);
    if (now !== before[index]) faults.add(path + ': ' + now);
  });
  parentPort.postMessage({ rounds, faults: [...faults] });
`;
