import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Sets attributes: `+i` immutable, `+a` append-only, `-ia` neither. */
export function chattr(change: string, ...paths: readonly string[]): void {
  execFileSync('chattr', [change, ...paths], { stdio: 'pipe' });
}

/**
 * Whether files below the temporary directory can be made immutable here. If not, the reason is written to the console.
 */
export function canChattr(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'coldroom-chattr-'));
  const file = join(directory, 'f');
  writeFileSync(file, '');
  try {
    chattr('+i', file);
    chattr('-i', file);
    return true;
  } catch (error) {
    console.warn(
      `SKIPPED: tests with immutable files (needs root, and a file system such as ext4 or XFS): ${String(error)}`,
    );
    return false;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Removes such attributes from all files and directories, so that a test can clean up. */
export function makeChangeable(directory: string): void {
  spawnSync('chattr', ['-R', '-f', '-ia', directory]); // fails on links, which have no attributes
}
