import { manifest } from '@coldroom/bagit';

/** The MD5s of a bag's copies, by their path below `data/`. */
export type BagMd5 = (path: Buffer) => string | undefined;

/** Searches a `manifest-md5.txt` as `manifest` writes it: a path is found by the line that it would have. */
export function md5In(content: Buffer): BagMd5 {
  const lines = new Map<string, string>();
  for (const line of content.toString('latin1').split('\n')) {
    const [, escape, md5, name] = /^(\\?)([0-9a-f]{32})(  .+)$/s.exec(line) ?? [];
    if (md5 !== undefined) lines.set(`${escape}${name}`, md5);
  }
  return (path) =>
    lines.get(
      manifest([{ digest: '', path: Buffer.concat([Buffer.from('data/'), path]) }])
        .toString('latin1')
        .slice(0, -1),
    );
}

/** The MD5s of recently used bags. Sealed bags never change, so neither do these. */
export class BagMd5s {
  private readonly known = new Map<string, BagMd5>();

  constructor(
    private readonly read: (bag: string) => Promise<Buffer | undefined>,
    private readonly most = 32,
  ) {}

  async of(bag: string): Promise<BagMd5> {
    const known = this.known.get(bag);
    if (known) return known;
    const content = await this.read(bag);
    if (!content) return () => undefined;
    const md5s = md5In(content);
    const [oldest] = this.known.keys();
    if (this.known.size >= this.most && oldest !== undefined) this.known.delete(oldest);
    this.known.set(bag, md5s);
    return md5s;
  }
}
