import type { Surroundings } from '../surroundings';
import { withStores } from '../stores/open';
import { warningsOf } from './file-systems';
import { examine, ok, warning, type Finding } from './findings';

/** Checks each store that the settings name: available, marked, writable, and at a safe distance from the originals. */
export async function examineStores(context: Surroundings): Promise<readonly Finding[]> {
  return examine('stores', () =>
    withStores(context, async ({ stores }) => {
      const findings: Finding[] = [];
      for (const store of stores.all) {
        const about = `store ${store.name}`;
        findings.push(
          ...(await examine(about, async () => {
            await store.check('write');
            return [
              ok(about, `${store.kind}, ${store === stores.default ? 'the default, ' : ''}can be used`),
              ...namesFinding(about, store.namesNotKept ?? []),
              ...(store.fileSystems ?? []).flatMap((look) => warningsOf(about, 'store', look)),
            ];
          })),
        );
      }
      return findings;
    }),
  );
}

function namesFinding(about: string, notKept: readonly string[]): readonly Finding[] {
  if (notKept.length === 0) return [];
  return [
    warning(
      about,
      `its server keeps no names with ${notKept.join(', ')}`,
      'files with such names get stuck (NAME_NOT_KEPT); the others of their bag are archived',
    ),
  ];
}
