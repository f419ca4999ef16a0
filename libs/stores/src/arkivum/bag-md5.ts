import { manifest, nameFormIn, type NameForm } from '@coldroom/bagit';

/** The MD5s of a bag's copies, by their path below `data/`. */
export type BagMd5 = (path: Buffer) => string | undefined;

export const md5Manifest = 'manifest-md5.txt';

/** Searches a `manifest-md5.txt` as `manifest` writes it: a path is found by the line that it would have. */
export function md5In(content: Buffer, form: NameForm): BagMd5 {
  const lines = new Map<string, string>();
  for (const line of content.toString('latin1').split('\n')) {
    const [, escape, md5, name] = /^(\\?)([0-9a-f]{32})(  .+)$/s.exec(line) ?? [];
    if (md5 !== undefined) lines.set(`${escape}${name}`, md5);
  }
  return (path) =>
    lines.get(
      manifest([{ digest: '', path: Buffer.concat([Buffer.from('data/'), path]) }], form)
        .toString('latin1')
        .slice(0, -1),
    );
}

/** By the tag files of a bag; undefined if it lists none. */
export async function md5sBy(readTag: (name: string) => Promise<Buffer | undefined>): Promise<BagMd5 | undefined> {
  const content = await readTag(md5Manifest);
  const form = content && (await nameFormIn({ readTag: (_bag, name) => readTag(name) }, ''));
  return content && form && md5In(content, form);
}

/** The MD5s of recently used bags. Sealed bags never change, so neither do these. */
export class BagMd5s {
  private readonly known = new Map<string, BagMd5>();

  constructor(
    private readonly read: (bag: string, name: string) => Promise<Buffer | undefined>,
    private readonly most = 32,
  ) {}

  async of(bag: string): Promise<BagMd5> {
    const known = this.known.get(bag);
    if (known) return known;
    const md5s = await md5sBy((name) => this.read(bag, name));
    if (!md5s) return () => undefined;
    const [oldest] = this.known.keys();
    if (this.known.size >= this.most && oldest !== undefined) this.known.delete(oldest);
    this.known.set(bag, md5s);
    return md5s;
  }
}
