import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version of Coldroom that runs here. */
export function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(join(__dirname, '..', '..', '..', 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  return version;
}
