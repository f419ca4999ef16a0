import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { codeOf } from '@coldroom/domain';
import { displayPath } from '@coldroom/files';
import { UsageError } from '../failure';
import type { SizeLine } from './size-report';

const longestLine = 65_536;

/**
 * The lines of a file that names files, images and filesets, one a line or with a zero byte after each; empty ones are
 * passed by. Names are bytes. `UsageError` if it cannot be read.
 */
export async function* sizeLines(file: string, { zero }: { readonly zero: boolean }): AsyncGenerator<SizeLine> {
  let line = 0;
  for await (const path of split(file === '-' ? process.stdin : createReadStream(file), file, zero ? 0 : 10)) {
    line += 1;
    if (path.length > 0) yield { line, text: displayPath(path), path: absolute(path) };
  }
}

/** What is named on the command line or in a query. */
export async function* namedSizes(objects: readonly string[]): AsyncGenerator<SizeLine> {
  for (const [at, text] of objects.entries()) yield { line: at + 1, text, path: absolute(Buffer.from(text)) };
}

function absolute(path: Buffer): Buffer {
  return path[0] === 0x2f ? path : Buffer.concat([Buffer.from(`${resolve('.')}/`), path]);
}

async function* split(source: Readable, file: string, end: number): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  try {
    for await (const part of source) {
      rest = Buffer.concat([rest, part as Buffer]);
      for (let at = rest.indexOf(end); at >= 0; at = rest.indexOf(end)) {
        yield rest.subarray(0, at);
        rest = rest.subarray(at + 1);
      }
      if (rest.length > longestLine)
        throw new UsageError(`${file} has a line of more than ${longestLine} bytes: it is no list of names`);
    }
  } catch (error) {
    if (error instanceof UsageError || codeOf(error) === 'UNKNOWN') throw error;
    throw new UsageError(`${file} cannot be read (${codeOf(error)})`);
  }
  if (rest.length > 0) yield rest;
}
