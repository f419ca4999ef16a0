import { Refused, Transient, codeOf } from '@coldroom/domain';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { isForbidden } from '../forbidden-address';
import type { S3StoreSettings } from '../store-settings';
import { endpointNotAllowed } from './failures';

/** All that a thread needs to connect to the store; never logged. */
export interface Connection {
  readonly store: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly secure: boolean;
  readonly ca: string | undefined;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
  readonly pathStyle: boolean;
  readonly bucket: string;
  readonly silenceMilliseconds: number;
  readonly requestsInParallel: number;
  readonly partBytes: number;
  readonly partsInParallel: number;
  readonly storageClass: string | undefined;
}

/** Where a secret is: in a file, or in an environment variable. */
interface SecretPlace {
  readonly what: string;
  readonly file: string | undefined;
  readonly variable: string | undefined;
}

type Secrets = (name: string) => string | undefined;

/** `Refused` `STORE_SECRET_MISSING` if a key or the authority's certificate is not available. */
export async function connectionOf(
  store: string,
  settings: S3StoreSettings,
  secrets: Secrets | undefined,
): Promise<Connection> {
  const { protocol, hostname, port } = new URL(settings.endpoint);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) && isForbidden(host)) throw endpointNotAllowed(store, host);
  const { region, pathStyle, bucket, requestsInParallel, partsInParallel, storageClass } = settings;
  const accessKey = { what: 'access key', file: settings.accessKeyFile, variable: settings.accessKeyEnv };
  const secretKey = { what: 'secret key', file: settings.secretKeyFile, variable: settings.secretKeyEnv };
  return {
    store,
    host,
    port: port === '' ? undefined : Number(port),
    secure: protocol === 'https:',
    ca: settings.caFile === undefined ? undefined : await contentOf(store, settings.caFile),
    accessKey: await secretOf(store, accessKey, secrets),
    secretKey: await secretOf(store, secretKey, secrets),
    region,
    pathStyle,
    bucket,
    requestsInParallel,
    partsInParallel,
    storageClass,
    silenceMilliseconds: settings.silenceLimit,
    partBytes: settings.partMiB * 1024 * 1024,
  };
}

async function secretOf(
  store: string,
  { what, file, variable }: SecretPlace,
  secrets: Secrets | undefined,
): Promise<string> {
  const value = (file === undefined ? secrets?.(variable!) : await contentOf(store, file))?.trim();
  if (value) return value;
  throw new Refused(
    'STORE_SECRET_MISSING',
    `The ${what} of the store ${store} is not in ${file ?? `the environment variable ${variable}`}.`,
    { store },
  );
}

async function contentOf(store: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EACCES')
      throw new Refused(
        'STORE_SECRET_MISSING',
        `The store ${store} needs ${file}, which cannot be read (${codeOf(error)}).`,
        { store },
        { cause: error },
      );
    throw new Transient(
      'STORE_UNAVAILABLE',
      `The store ${store} needs ${file}, which cannot be read now (${codeOf(error)}).`,
      { store },
      { cause: error },
    );
  }
}
