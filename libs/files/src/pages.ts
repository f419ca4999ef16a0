const wasmPage = 65_536;

/** The alignment that O_DIRECT requires of memory and file positions; larger than any sector in use. */
export const alignment = 4096;
/** Two per thread: one is read into while the other is processed. */
export const chunkBytes = 4 * 1024 * 1024;

/** The part of the global that we use; its types are in the DOM library only. */
declare const WebAssembly: {
  readonly Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};

let buffers: readonly [Uint8Array, Uint8Array] | undefined;

/**
 * Two page-aligned buffers, the same for each file of this thread. WebAssembly memory is mapped by pages, which
 * provides aligned memory without a native add-on.
 */
export function pageBuffers(): readonly [Uint8Array, Uint8Array] {
  if (!buffers) {
    const pages = (2 * chunkBytes) / wasmPage;
    const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages });
    buffers = [new Uint8Array(buffer, 0, chunkBytes), new Uint8Array(buffer, chunkBytes, chunkBytes)];
  }
  return buffers;
}
