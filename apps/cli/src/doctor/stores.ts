import { join } from 'node:path';
import { rootNames } from '@coldroom/domain';
import { Files } from '@coldroom/files';
import { openStores, readStores } from '@coldroom/stores';
import { examine, ok, type Finding } from './findings';

/** Each store that the settings name: there, marked, writable, and at a safe distance from the originals. */
export async function examineStores(path: string, dataDir: string): Promise<readonly Finding[]> {
  return examine('stores', async () => {
    const settings = await readStores(path);
    const files = new Files({ threads: 1 });
    const stores = openStores(settings, { files, omeroRoots: rootNames.map((name) => join(dataDir, name)) });
    const findings: Finding[] = [];
    for (const store of stores.all) {
      const about = `store ${store.name}`;
      findings.push(
        ...(await examine(about, async () => {
          await store.check('write');
          return ok(about, `${store.kind}, ${store === stores.default ? 'the default, ' : ''}can be used`);
        })),
      );
    }
    await stores.close();
    await files.close();
    return findings;
  });
}
