import type { Digests } from '@coldroom/domain';

/** What the older tool recorded of a copy. */
export interface CopyRecord {
  /** Of the original when it was listed, or of the copy. */
  readonly size: bigint | null;
  readonly digests: Digests;
  /** The tool recorded that it removed the original. */
  readonly archived: boolean;
}

/** Reads a `.ark` file; undefined if it is none. Keys are in lower case there; a value begins after the first `=`. */
export function readRecord(content: Buffer): CopyRecord | undefined {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  for (const line of content.toString('latin1').split('\n')) {
    const name = /^\[(Source|File Archiver|Arkivum Archiver)\]$/.exec(line)?.[1];
    if (name !== undefined) sections.set(name, (section = sections.get(name) ?? new Map<string, string>()));
    const [, key, value] = /^([a-z0-9 ]+?) ?= ?(.*)$/.exec(line) ?? [];
    if (key !== undefined && !section?.has(key)) section?.set(key, value!.trim());
  }
  const source = sections.get('Source');
  if (!source) return undefined;
  const copy = sections.get('File Archiver') ?? sections.get('Arkivum Archiver') ?? new Map<string, string>();
  return {
    size: numberOf(copy.get('size')) ?? numberOf(source.get('bytes')),
    digests: {
      ...hex('SHA-256', copy.get('sha256'), 64),
      ...hex('MD5-128', copy.get('md5'), 32),
      ...adler(copy.get('adler32')),
    },
    archived: copy.has('archived'),
  };
}

function hex(algorithm: 'SHA-256' | 'MD5-128', text = '', digits: number): Digests {
  return text.length === digits && /^[0-9a-f]+$/i.test(text) ? { [algorithm]: text.toLowerCase() } : {};
}

/** Written as a decimal number; ours are as OMERO writes them, least significant byte first. */
function adler(text: string | undefined): Digests {
  const value = numberOf(text);
  if (value === null || value > 0xffffffffn) return {};
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(Number(value));
  return { 'Adler-32': bytes.toString('hex') };
}

function numberOf(text: string | undefined): bigint | null {
  return text !== undefined && /^\d{1,18}$/.test(text) ? BigInt(text) : null;
}
