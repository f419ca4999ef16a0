import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { rootNames } from '@coldroom/domain';
import { markerName, writeMarker } from '@coldroom/files';
import { migrate, Register } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import type { SampleReport } from '@coldroom/sample-omero';
import { decide, leftUnderWay, scan, untilDone } from './archive';
import { offerConsole } from './console';
import { clearDirectory, takeDirectory } from './directory';
import { importSettings, makeBuffer, startFacility } from './import/facility';
import { importAndArchive } from './import/import-demo';
import { layoutOf, type Layout } from './layout';
import { aboutUser, giveTo, omeroUser, type OmeroUser } from './omero-user';
import { showProgress } from './progress';
import { prove } from './proof';
import { recallAll, restoreFileset } from './restore';
import { makeSample, readSample, sampleIsFresh, useUpSample, type WantedSample } from './sample';
import { makeScannerRole } from './scanner-role';
import { startServices } from './services';
import { stay } from './stay';
import { makeStore, type DemoStore, type StoreKind } from './store-kinds';
import { sayDecisions, sayRequests, sayRestored, saySample, saySummary } from './summary';
import { makePolicies, moveThrough, proposals, tierStores } from './tiers/tiers';
import { surroundingsFor, type Surroundings } from './surroundings';

export interface DemoOptions {
  readonly dir: string;
  readonly images: number;
  readonly fileSize: number;
  readonly onlySample: boolean;
  /** Data is imported, and a part of it archived; the sample's own marks are left alone. */
  readonly withImport: boolean;
  /** Rules propose and move, with three stores. */
  readonly withTiers: boolean;
  readonly withConsole: boolean;
  readonly keep: boolean;
  readonly store: StoreKind;
}

interface World extends Surroundings {
  readonly user: OmeroUser | undefined;
  readonly report: SampleReport;
}

const say = (line = ''): void => console.log(line);

/**
 * Returns the exit code: 0 only if every proof holds, and nothing is still under way. Each run has its own world, in a directory that it alone uses.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const layout = layoutOf(options.dir);
  const marker = await takeDirectory(layout, { say });
  try {
    const wanted: WantedSample = {
      images: options.images,
      fileSize: options.fileSize,
      // OMERO's command is where only the user of this program can read it.
      user: options.withImport ? undefined : omeroUser(layout.home),
      database: process.env['OMERO_DATABASE_URL'] ? 'given' : 'own',
    };
    const goesOn = sampleIsFresh(layout, wanted);
    if (!goesOn && (await clearDirectory(layout))) say(`What an earlier demo left in ${layout.home} was removed\n`);
    return await runIn(layout, options, wanted, goesOn);
  } finally {
    await marker.close();
  }
}

async function runIn(layout: Layout, options: DemoOptions, wanted: WantedSample, goesOn: boolean): Promise<number> {
  say('Servers');
  const surroundings = await surroundingsFor(layout, process.env, say);
  try {
    say('\nSample OMERO');
    const report = goesOn ? readSample(layout) : await makeSample(layout, surroundings.omeroOwnerUrl, wanted);
    saySample(report, layout, say);
    if (!options.withImport) for (const line of aboutUser(wanted.user)) say(line);
    if (options.onlySample) {
      say(`\nThe sample stays in ${layout.home}.`);
      if (wanted.database === 'own') say('The same command without --only-sample goes on from it.');
      return exitCodes.ok;
    }
    await useUpSample(layout);
    return await archiveAndBack(layout, { ...surroundings, user: wanted.user, report }, options);
  } finally {
    await surroundings.stop();
  }
}

async function archiveAndBack(
  layout: Layout,
  surroundings: World,
  { store: kind, keep, withConsole, withImport, withTiers }: DemoOptions,
): Promise<number> {
  const store = withTiers ? await tierStores(layout) : await makeStore(kind, layout, say);
  try {
    const code = withImport
      ? await importFirst(layout, surroundings, store)
      : await archive(layout, surroundings, store, { withConsole, withTiers });
    if (keep && !withConsole) await stay(layout, surroundings.user);
    return code;
  } finally {
    await store.stop();
  }
}

async function archive(
  layout: Layout,
  surroundings: World,
  store: DemoStore,
  { withConsole, withTiers }: Pick<DemoOptions, 'withConsole' | 'withTiers'>,
): Promise<number> {
  const more = withTiers ? await makePolicies(layout, surroundings.omeroOwnerUrl) : {};
  const env = await settingsFor(layout, surroundings, store, more);
  await migrate(surroundings.registerUrl);
  const register = new Register(surroundings.registerUrl);
  const services = await startServices(layout, env, surroundings.user);
  try {
    say('\nScan');
    await scan(register, services);
    sayRequests((await register.requests.list({ states: ['New'] })).toReversed(), say);
    const decisions = await decide(register);
    sayDecisions(decisions, say);
    const { registerUrl } = surroundings;
    const demo = { layout, register, services, registerUrl, say };
    if (withTiers) for (const { id } of await proposals(demo)) await register.requests.approve(id, 'demo');
    const start = Date.now();
    const progress = showProgress(register, process.stdout);
    await untilDone(register, services, () => progress.show());
    const milliseconds = Date.now() - start;
    const notMoved = withTiers ? await moveThrough(demo) : [];
    const left = [...notMoved, ...(await leftUnderWay(register, services))];
    if (store.outOfReach) await recallAll(layout, register, services, decisions.approved, say);
    say('\nProof');
    const proven = await prove(layout, store, surroundings.omeroOwnerUrl, register);
    await saySummary(register, proven, milliseconds, say);
    for (const line of left) say(`  ${line}`);
    say('\nThe retrieval');
    const restored = await restoreFileset(layout, register, services, surroundings.omeroOwnerUrl);
    sayRestored(restored, say);
    if (withConsole) await offerConsole(layout, { ...surroundings, env }, { register, services, say });
    if (proven.faults.length + restored.faults.length > 0) return exitCodes.failed;
    return left.length > 0 ? exitCodes.partly : exitCodes.ok;
  } finally {
    await services.stop();
    await register.close();
  }
}

async function importFirst(layout: Layout, surroundings: World, store: DemoStore): Promise<number> {
  const buffer = await makeBuffer(layout);
  const env = { ...(await settingsFor(layout, surroundings, store, importSettings(layout))) };
  await migrate(surroundings.registerUrl);
  const register = new Register(surroundings.registerUrl);
  const services = await startServices(layout, env, surroundings.user);
  const { omeroOwnerUrl, report } = surroundings;
  try {
    const facility = await startFacility(layout, buffer, omeroOwnerUrl, report, env);
    try {
      const faults = await importAndArchive({ layout, omeroOwnerUrl, report, register, services, facility, say });
      for (const fault of faults) say(`  ${fault}`);
      say(faults.length === 0 ? '\nThe proof holds: nothing was lost.' : '\nTHE PROOF DOES NOT HOLD.');
      return faults.length === 0 ? exitCodes.ok : exitCodes.failed;
    } finally {
      await facility.stop();
    }
  } finally {
    await services.stop();
    await register.close();
  }
}

/**
 * Prepares what an administrator would: markers, the hold directory, the stores file, the scanner's role, the settings.
 */
async function settingsFor(
  layout: Layout,
  { omeroOwnerUrl, registerUrl, redisUrl, user }: World,
  store: DemoStore,
  more: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, string>>> {
  await mkdir(layout.hold, { recursive: true, mode: 0o700 });
  for (const name of rootNames) await writeMarker(join(layout.omero, name), name);
  await writeMarker(layout.hold, 'hold');
  await writeFile(layout.storesFile, store.yaml);
  await giveTo(user, [
    dirname(layout.hold),
    ...rootNames.map((name) => join(layout.omero, name, markerName)),
    layout.storesFile,
    ...store.usedByServices,
  ]);
  const settings = {
    OMERO_DATABASE_URL: await makeScannerRole(omeroOwnerUrl),
    OMERO_DATA_DIR: layout.omero,
    REGISTER_DATABASE_URL: registerUrl,
    REDIS_URL: redisUrl,
    // A Redis that is not ours may hold jobs of an earlier demo.
    COLDROOM_QUEUE_PREFIX: `demo-${randomBytes(4).toString('hex')}`,
    COLDROOM_STORES: layout.storesFile,
    COLDROOM_HOLD: '1s',
    COLDROOM_SWEEP_EVERY: '1s',
    ...more,
  };
  await writeFile(
    layout.settings,
    Object.entries(settings)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
    { mode: 0o600 },
  );
  return settings;
}
