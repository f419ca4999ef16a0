import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** The files of a key and a self-signed certificate for 127.0.0.1, made by openssl in `dir`. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

export function makeCertificate(dir: string): CertificateFiles {
  const files = { certificate: join(dir, 'server.pem'), key: join(dir, 'server.key') };
  const words = 'req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=omero -addext subjectAltName=IP:127.0.0.1';
  execFileSync('openssl', [...words.split(' '), '-out', files.certificate, '-keyout', files.key], { stdio: 'pipe' });
  return files;
}
