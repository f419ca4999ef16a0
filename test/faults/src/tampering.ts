import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';

/** Changes one byte in place; size, mtime and mode are as before, as after bit rot or a malicious program. */
export function flipByte(path: string, position = 100): void {
  const { mode, mtimeNs } = statSync(path, { bigint: true });
  chmodSync(path, 0o600);
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, position);
  byte[0]! ^= 1;
  writeSync(file, byte, 0, 1, position);
  fsyncSync(file);
  closeSync(file);
  chmodSync(path, Number(mode) & 0o7777);
  setMtime(path, mtimeNs);
}

/** Another file under the same name, of the same size and mtime. */
export function replaceByAnother(path: string): void {
  const { size, mtimeNs } = statSync(path, { bigint: true });
  writeFileSync(`${path}.new`, Buffer.alloc(Number(size), 'x'));
  setMtime(`${path}.new`, mtimeNs);
  renameSync(`${path}.new`, path);
}

export function touch(path: string): void {
  const now = new Date();
  utimesSync(path, now, now);
}

function setMtime(path: string, mtimeNs: bigint): void {
  execFileSync('touch', [
    '-m',
    '-d',
    `@${mtimeNs / 1_000_000_000n}.${String(mtimeNs % 1_000_000_000n).padStart(9, '0')}`,
    path,
  ]);
}
