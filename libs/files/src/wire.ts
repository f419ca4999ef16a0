import type { Failure } from './failures';

/** The bytes of a path as one character each: a string passes between threads faster than many small buffers. */
export type WirePath = string;

export const wirePath = (path: Buffer): WirePath => path.toString('latin1');
export const bytesOf = (path: WirePath): Buffer => Buffer.from(path, 'latin1');

/** An outcome that passes between threads. */
export type WireOutcome<T> = { readonly ok: T } | { readonly failed: Failure };

/** What a worker needs besides its task; all of it is shared memory. */
export interface Bounds {
  readonly deadline: BigInt64Array;
  readonly progress: BigInt64Array;
}
