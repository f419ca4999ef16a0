import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { md5Of } from './holdings';

export interface Failure {
  readonly filepath: string;
  readonly reason: string;
}

/**
 * Compares a bag on disk with its MD5 manifest, as the appliance does on `ingest-manifest/release`. `checked` counts
 * the files.
 */
export async function checkBag(
  directory: string,
): Promise<{ readonly checked: number; readonly failures: readonly Failure[] }> {
  const manifest = join(directory, 'manifest-md5.txt');
  if (!existsSync(join(directory, 'bagit.txt')))
    return { checked: 0, failures: [{ filepath: 'bagit.txt', reason: 'Initial verification failed' }] };
  if (!existsSync(manifest))
    return { checked: 0, failures: [{ filepath: 'manifest-md5.txt', reason: 'Initial verification failed' }] };
  const lines = readFileSync(manifest, 'latin1')
    .split('\n')
    .filter((line) => line !== '');
  const failures: Failure[] = [];
  const bagInfo = join(directory, 'bag-info.txt');
  const byRfc = existsSync(bagInfo) && /^Coldroom-Manifest-Names: RFC 8493$/m.test(readFileSync(bagInfo, 'utf8'));
  for (const line of lines) {
    const filepath = byRfc ? decoded(line) : unescaped(line);
    const whole = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(filepath, 'latin1')]);
    const same = existsSync(whole) && (await md5Of(whole)) === line.replace(/^\\/, '').slice(0, 32);
    if (!same) failures.push({ filepath, reason: 'Initial verification failed' });
  }
  return { checked: lines.length, failures };
}

/** The name in a line by RFC 8493. */
function decoded(line: string): string {
  return line.slice(34).replace(/%(0A|0D|25)/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** The name in a line of md5sum's format; a leading backslash means that it is escaped. */
function unescaped(line: string): string {
  if (!line.startsWith('\\')) return line.slice(34);
  return line.slice(35).replace(/\\([\\nr])/g, (_, letter: string) => ({ n: '\n', r: '\r' })[letter] ?? '\\');
}
