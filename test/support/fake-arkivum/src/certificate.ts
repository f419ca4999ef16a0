import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
  /** What a client must trust. */
  readonly caFile: string;
}

/**
 * A self-made certificate for localhost and 127.0.0.1, created by openssl once and kept in `dir`: it stays the same
 * after a restart.
 */
export function certificateIn(dir: string): Certificate {
  mkdirSync(dir, { recursive: true });
  const [keyFile, caFile] = [join(dir, 'key.pem'), join(dir, 'ca.pem')];
  if (!existsSync(caFile)) {
    const made = spawnSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '3650',
        '-subj',
        '/CN=fake arkivum',
        '-addext',
        'subjectAltName=DNS:localhost,IP:127.0.0.1',
        '-keyout',
        keyFile,
        '-out',
        caFile,
      ],
      { encoding: 'utf8' },
    );
    if (made.status !== 0) throw new Error(`openssl made no certificate: ${made.error?.message ?? made.stderr}`);
  }
  return { key: readFileSync(keyFile), cert: readFileSync(caFile), caFile };
}
