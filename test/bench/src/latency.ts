import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SlowLink, startS3 } from '@coldroom/local';
import { latencyCase, writeSources } from './cases';
import { sayOurs, timeOurs } from './ours';
import { s3Store } from './stores';

/** What the workers of a second host gain where the store answers late; it has no peer. */
export async function runLatency(top: string, scale: number): Promise<void> {
  const { delayMs, ...files } = latencyCase(scale);
  await mkdir(top, { recursive: true });
  console.log(`\nlatency: ${files.what}`);
  const server = await startS3({ dir: join(top, 'server') });
  const link = await SlowLink.to(server.url, delayMs);
  try {
    const times: number[] = [];
    for (const hosts of [1, 2]) {
      const dir = join(top, String(hosts));
      const source = join(dir, 'OMERO', 'ManagedRepository');
      await mkdir(source, { recursive: true });
      const written = await writeSources(source, files);
      const store = await s3Store(dir, { ...server, url: link.through(server.url) }, `latency-${hosts}`);
      const ours = await timeOurs(dir, written, store, { restore: false, hosts });
      console.log(`  ${hosts} of checksum and of transfer:`);
      sayOurs(ours);
      times.push(ours.seconds);
    }
    const [one = Number.NaN, two = Number.NaN] = times;
    console.log(`  ratio ${(one / two).toFixed(2)}`);
  } finally {
    link.close();
    await server.stop();
  }
}
