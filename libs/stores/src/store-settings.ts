import { isAbsolute, normalize } from 'node:path';
import { z } from 'zod';
import { whyNotAppliance } from './arkivum/address';

/* The settings of each kind of store in the stores file. */

/** The path that links will name: written out in full, so that it means the same to all services and OMERO. */
const absoluteDirectory = z
  .string()
  .refine((path) => isAbsolute(path) && path !== '/' && normalize(path) === path && !path.endsWith('/'), {
    error: 'must be an absolute path without "..", "//" or a slash at its end',
  });

/** `none` accepts a file system that ignores permissions: nothing then protects the copies against change. */
const protect = z.enum(['permissions', 'none']).default('permissions');

/** What the store costs, as people see it before they approve; nothing else depends on it. */
const price = z.strictObject({
  /** For 10^12 bytes that are in the store for a year. */
  perTBYear: z.number().min(0).max(1_000_000_000),
  currency: z.string().regex(/^[A-Z]{3}$/, { error: 'must be a code of three capital letters such as EUR' }),
});

export const fileStore = z.strictObject({
  kind: z.literal('file'),
  price: price.optional(),
  directory: absoluteDirectory,
  /** Allows a store on the repository's own file system: one broken disk then destroys original and copy. */
  sameFileSystem: z.boolean().default(false),
  /** `cached` gives up the proof that a copy is on the disk, for file systems that cannot provide it. */
  verify: z.enum(['direct', 'cached']).default('direct'),
  protect,
});

const shortDuration = z
  .string()
  .regex(/^[1-9]\d{0,3}(s|m)$/, { error: 'must be seconds or minutes such as 30s or 2m' })
  .transform((text) => Number.parseInt(text, 10) * (text.endsWith('m') ? 60_000 : 1000));

export const arkivumStore = z
  .strictObject({
    kind: z.literal('arkivum'),
    price: price.optional(),
    /** Where the appliance is mounted, or a directory below it; links name it. */
    mount: absoluteDirectory,
    /** The same directory as the appliance names it; empty if `mount` is its top. */
    folder: z
      .string()
      .regex(/^([A-Za-z0-9._~-]+(\/[A-Za-z0-9._~-]+)*)?$/, {
        error: 'must be names joined by "/", without one at the start or end',
      })
      .refine((folder) => !folder.split('/').some((name) => name === '.' || name === '..'), {
        error: 'must not hold "." or ".."',
      })
      .default(''),
    url: z
      .string()
      .refine((url) => whyNotAppliance(url) === null, { error: ({ input }) => whyNotAppliance(String(input)) ?? '' }),
    /** The authority that signed the appliance's certificate (PEM); default: the public authorities. */
    caFile: absoluteDirectory.optional(),
    /** Allows plain HTTP: anyone in between can then report any copy as durable. */
    insecure: z.boolean().default(false),
    /** How a bag is handed over: each file by `release` (v2), or the whole bag by `ingest-manifest` (v3). */
    api: z.enum(['v2', 'v3']),
    /** False if the appliance ingests by itself what is copied to it. */
    release: z.boolean().default(true),
    durableAt: z.enum(['amber', 'green']).default('green'),
    /** How long one answer of the appliance may take. */
    silenceLimit: shortDuration.default(30_000),
    /** Queries at once. */
    connections: z.int().min(1).max(16).default(4),
    sameFileSystem: z.boolean().default(false),
    verify: z.enum(['direct', 'cached']).default('direct'),
    protect,
  })
  .refine(({ url, insecure }) => insecure || !/^http:/i.test(url), {
    path: ['url'],
    error: 'is plain HTTP, which needs insecure: true',
  });

const keyPart = /^[A-Za-z0-9!_.()'-]+$/;

export const s3Store = z
  .strictObject({
    kind: z.literal('s3'),
    price: price.optional(),
    /** Scheme, host and port of the server. */
    endpoint: z
      .url({ protocol: /^https?$/ })
      .refine((url) => URL.canParse(url) && /^https?:\/\/[^/?#@]+\/?$/.test(url), {
        error: 'must be https://host or https://host:port and nothing more',
      }),
    /** Allows plain HTTP: anyone in between can read and change everything. */
    insecure: z.boolean().default(false),
    /** The authority that signed the server's certificate (PEM); default: the public authorities. */
    caFile: absoluteDirectory.optional(),
    bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, {
      error: 'must be 3 to 63 lower-case letters, digits, dots and hyphens',
    }),
    /** Prefix of all keys; empty if Coldroom alone uses the bucket. */
    prefix: z
      .string()
      .refine(
        (prefix) => prefix === '' || prefix.split('/').every((part) => keyPart.test(part) && !/^\.+$/.test(part)),
        { error: 'must be names joined by "/", without one at the start or end' },
      )
      .default(''),
    region: z.string().min(1).default('us-east-1'),
    /** False if the bucket's name is part of the host name. */
    pathStyle: z.boolean().default(true),
    accessKeyFile: absoluteDirectory.optional(),
    secretKeyFile: absoluteDirectory.optional(),
    /** Names of environment variables, instead of files. */
    accessKeyEnv: z.string().optional(),
    secretKeyEnv: z.string().optional(),
    /** Of the copies; tag files are always STANDARD. */
    storageClass: z
      .string()
      .regex(/^[A-Z0-9_]+$/, { error: 'must be a word such as STANDARD_IA' })
      .optional(),
    partMiB: z.int().min(5).max(5120).default(16),
    partsInParallel: z.int().min(1).max(16).default(4),
    requestsInParallel: z.int().min(1).max(256).default(16),
    /** Batches at a time; each uses its own memory, `partsInParallel` times `partMiB`. */
    threads: z.int().min(1).max(16).default(1),
    /** A request without a byte in either direction for this long has failed. */
    silenceLimit: shortDuration.default(300_000),
    /** `attested` accepts the server's own SHA-256 of a whole object as proof, if it has one. */
    verify: z.enum(['read', 'attested']).default('read'),
    /** `required`: a copy without the mark of a finished replication is not durable. */
    replication: z.enum(['reported', 'required']).default('reported'),
    restoreTier: z.enum(['Standard', 'Bulk', 'Expedited']).default('Standard'),
    restoreDays: z.int().min(1).max(365).default(14),
    /** Where recalled copies are placed: links name it, as OMERO sees it. */
    recallDirectory: absoluteDirectory,
  })
  .refine(({ endpoint, insecure }) => insecure || !/^http:/i.test(endpoint), {
    path: ['endpoint'],
    error: 'is plain HTTP, which needs insecure: true',
  })
  .refine((store) => (store.accessKeyFile === undefined) !== (store.accessKeyEnv === undefined), {
    path: ['accessKeyFile'],
    error: 'give either accessKeyFile or accessKeyEnv',
  })
  .refine((store) => (store.secretKeyFile === undefined) !== (store.secretKeyEnv === undefined), {
    path: ['secretKeyFile'],
    error: 'give either secretKeyFile or secretKeyEnv',
  });

export const copiesStore = z.strictObject({
  kind: z.literal('copies'),
  price: price.optional(),
  /** Plain stores of this list, at least two. The first is read first, and links lead to it. */
  of: z
    .array(z.string())
    .min(2)
    .refine((names) => new Set(names).size === names.length, { error: 'names a store twice' }),
});

/** The archive directory of the older tool; see `OlderStore`. */
export const olderStore = z.strictObject({
  kind: z.literal('older'),
  price: price.optional(),
  /** Where the older tool put its copies, each under the whole path that its original had. */
  directory: absoluteDirectory,
  /** OMERO's data directory as that tool named it. */
  omeroDirectory: absoluteDirectory.default('/OMERO'),
  /** How links begin, where that is not `directory` and `omeroDirectory`: byte for byte, without the slash at its end. */
  linksTo: z
    .string()
    .regex(/^\/.*[^/]$/, { error: 'must be an absolute path without a slash at its end' })
    .optional(),
  verify: z.enum(['direct', 'cached']).default('direct'),
});

export type OlderStoreSettings = z.infer<typeof olderStore>;
export type FileStoreSettings = z.infer<typeof fileStore>;
export type ArkivumStoreSettings = z.infer<typeof arkivumStore>;
export type S3StoreSettings = z.infer<typeof s3Store>;
export type CopiesStoreSettings = z.infer<typeof copiesStore>;
