import { z } from 'zod';
import type { Answer } from './client';

/** What the appliance reports of one file, as far as we need it. */
export interface FileInfo {
  readonly id: string | undefined;
  /** `FINAL` when it has ingested the file and knows its MD5; before that, for instance, `PRIMARY`. */
  readonly ingestState: string;
  /** As the appliance reports it. */
  readonly replicationState: string;
  readonly size: bigint;
  /** 32 lower-case hex digits; undefined if it knows none yet. */
  readonly md5: string | undefined;
  /** Whether it is in the cache; undefined if the appliance does not report it. */
  readonly local: boolean | undefined;
}

/** `absent`: the appliance does not know the file. `unusable`: it may know it, but its answer cannot be trusted. */
export type Said =
  | { readonly kind: 'info'; readonly info: FileInfo }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unusable'; readonly why: string };

const digits = z
  .string()
  .regex(/^\d{1,18}$/)
  .transform(BigInt);
const size = z.union([z.int().min(0).transform(BigInt), digits]);
/**
 * MD5s of chunks in recorded answers lack leading zeros: they seem to be printed as numbers. The MD5 of a file without
 * them is still the same number: the zeros are restored. If more than a few are missing, it is no MD5.
 */
const md5 = z
  .string()
  .regex(/^[0-9a-fA-F]{24,32}$/)
  .transform((hex) => hex.toLowerCase().padStart(32, '0'));

const fileInfo = z.looseObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,100}$/)
    .optional(),
  ingestState: z.string().min(1).max(100),
  replicationState: z.string().min(1).max(100),
  size,
  md5: md5.nullish(),
  MD5: md5.nullish(),
  local: z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]).optional(),
  directory: z.boolean().optional(),
});

/** Reads an answer to fileInfo. Only 404 means that there is no such file. */
export function readFileInfo({ status, body }: Answer): Said {
  if (status === 404) return { kind: 'absent' };
  if (status !== 200) return { kind: 'unusable', why: `HTTP ${status}` };
  const parsed = fileInfo.safeParse(jsonOf(body));
  if (!parsed.success) return { kind: 'unusable', why: faultsOf(parsed.error) };
  const { id, ingestState, replicationState, local, directory } = parsed.data;
  if (directory) return { kind: 'unusable', why: 'it speaks of a directory' };
  const known = new Set([parsed.data.md5, parsed.data.MD5].filter((one) => typeof one === 'string'));
  if (known.size > 1) return { kind: 'unusable', why: 'it gives two MD5s' };
  return {
    kind: 'info',
    info: { id, ingestState, replicationState, size: parsed.data.size, md5: [...known][0], local },
  };
}

/** The `id` and `status` in the answer to an order; undefined if it has none. */
export function readOrder({
  body,
}: Answer):
  { readonly id: string; readonly status: string | undefined; readonly failures: readonly string[] } | undefined {
  const parsed = order.safeParse(jsonOf(body));
  return parsed.success
    ? {
        id: parsed.data.id,
        status: parsed.data.status,
        failures: parsed.data.failures.map(({ filepath, reason }) => `${filepath}: ${reason}`),
      }
    : undefined;
}

const order = z.looseObject({
  id: z.string().regex(/^[A-Za-z0-9-]{1,100}$/),
  status: z.string().optional(),
  failures: z
    .array(z.looseObject({ filepath: z.string().default('?'), reason: z.string().default('no reason given') }))
    .default([]),
});

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // not JSON: not an object, which the schema reports
  }
}

function faultsOf(error: z.ZodError): string {
  const [first] = error.issues;
  return first && first.path.length > 0
    ? `its ${first.path.join('.')} cannot be understood`
    : 'its answer is not a JSON object';
}
