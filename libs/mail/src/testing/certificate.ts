import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
  /** What a client must trust. */
  readonly file: string;
}

const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
const newKey = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];

/** A self-made certificate for localhost, in an existing directory. */
export function makeCertificate(dir: string): Certificate {
  const [keyFile, file] = [join(dir, 'key.pem'), join(dir, 'certificate.pem')];
  const made = spawnSync('openssl', ['req', ...newKey, ...subject, '-keyout', keyFile, '-out', file], {
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`openssl made no certificate: ${made.error?.message ?? made.stderr}`);
  return { key: readFileSync(keyFile), cert: readFileSync(file), file };
}
