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

/** Pages about the archive itself, by what is on them, with something to see on each. */
export async function pagesOfAdministration({
  register,
}: Pick<RunningConsole, 'register'>): Promise<Readonly<Record<string, string>>> {
  await register.storeHealth.record(looks);
  await register.troubles.found([{ name: 'store filling up:cloud', detail: { store: 'cloud' } }], 'store watch');
  for (const service of ['scanner', 'checksum', 'transfer', 'ingest-watcher', 'linker'])
    await register.services.report(service, 60_000);
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
  return { stores: 'stores', system: 'system' };
}
