import { ownVersion } from '@coldroom/runtime';
import type { StoreLook } from '@coldroom/register';
import type { RunningConsole } from './running-console';

const TiB = 1n << 40n;
const looks: readonly StoreLook[] = [
  {
    name: 'tape',
    kind: 'file',
    isDefault: true,
    groups: [],
    place: '/archive/coldroom',
    price: { perTBYear: 90, currency: 'EUR' },
    fault: null,
    space: { directory: '/archive/coldroom', freeBytes: 41n * TiB, totalBytes: 120n * TiB },
  },
  {
    name: 'cloud',
    kind: 's3',
    isDefault: false,
    groups: [],
    place: 'https://s3.example.org/coldroom, recalled to /recalled',
    price: { perTBYear: 48, currency: 'EUR' },
    fault: null,
    space: { directory: '/recalled', freeBytes: TiB / 3n, totalBytes: 4n * TiB },
  },
  {
    name: 'second-site',
    kind: 'arkivum',
    isDefault: false,
    groups: [],
    place: '/arkivum/coldroom, appliance arkivum.example.org:8443',
    price: null,
    fault: { code: 'STORE_UNAVAILABLE', reason: 'the marker file /arkivum/coldroom/.coldroom-root is missing' },
    space: null,
  },
];

const day = 86_400_000;

/** Two audits, of which one found something, and the check of copies. */
async function sampleAudit({ auditRuns, fixityCoverage, troubles }: RunningConsole['register']): Promise<void> {
  const order = { by: 'omero', store: null, fix: false };
  const looked = { files: 1_204_113, images: 88_412, bags: 5320 };
  await auditRuns.finish(await auditRuns.begin(order), { looked, findings: [], notLooked: [] });
  const findings = [{ code: 'IMAGE_DELETED', total: 2, repaired: 0 }];
  await auditRuns.finish(await auditRuns.begin(order), { looked, findings, notLooked: [] });
  const examples = ['Image:4711', 'Image:4712'].map((object) => ({
    object,
    found: 'OMERO no longer has it',
    remedy: 'if it was deleted on purpose, acknowledge it',
  }));
  const detail = { total: 2, objects: examples.map(({ object }) => object), examples };
  await troubles.found([{ name: 'audit finding:IMAGE_DELETED', code: 'IMAGE_DELETED', detail }], 'audit');
  await fixityCoverage.keep(await fixityCoverage.count(180 * day), 180 * day, ['tape']);
}

/** Pages about the archive itself, by what is on them, with something to see on each. */
export async function pagesOfAdministration({
  register,
}: Pick<RunningConsole, 'register'>): Promise<Readonly<Record<string, string>>> {
  await register.storeHealth.record(looks);
  await register.troubles.found([{ name: 'store filling up:cloud', detail: { store: 'cloud' } }], 'store watch');
  for (const service of ['scanner', 'checksum', 'transfer', 'ingest-watcher', 'linker', 'console', 'notifier'])
    await register.services.report(service, 60_000, ownVersion());
  await register.mailEvents.queue([
    {
      reason: 'approved:1',
      template: 'approved',
      facts: {},
      recipient: {
        key: 'login:emeritus',
        name: 'Erik Holm',
        address: null,
        problem: { code: 'MAIL_ADDRESS_INVALID', reason: 'OMERO has no e-mail address of this person' },
      },
    },
  ]);
  await sampleAudit(register);
  return { stores: 'stores', audit: 'audit', system: 'system' };
}
