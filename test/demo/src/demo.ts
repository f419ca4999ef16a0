import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootNames } from '@coldroom/domain';
import { writeMarker } from '@coldroom/files';
import { migrate, Register } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { buildSampleOmero, type SampleReport } from '@coldroom/sample-omero';
import { decide, scan, untilDone } from './archive';
import { layoutOf, type Layout } from './layout';
import { keepOmeroState } from './omero-state';
import { showProgress } from './progress';
import { prove } from './proof';
import { recallAll, restoreFileset } from './restore';
import { makeScannerRole } from './scanner-role';
import { startServices } from './services';
import { makeStore, type DemoStore, type StoreKind } from './store-kinds';
import { sayDecisions, sayRequests, sayRestored, saySample, saySummary } from './summary';
import { surroundingsFor, type Surroundings } from './surroundings';
import { writeTree } from './tree';

export interface DemoOptions {
  readonly dir: string;
  readonly images: number;
  readonly fileSize: number;
  readonly onlySample: boolean;
  readonly keep: boolean;
  readonly store: StoreKind;
}

const say = (line = ''): void => console.log(line);

/** Returns the exit code: 0 only where every proof holds. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const layout = layoutOf(options.dir);
  say('Servers');
  const surroundings = await surroundingsFor(layout, process.env, say);
  try {
    await sample(layout, surroundings, options);
    if (options.onlySample) {
      say(`\nThe sample stays in ${layout.home}; the same command without --only-sample goes on from it.`);
      return exitCodes.ok;
    }
    return await archiveAndBack(layout, surroundings, options);
  } finally {
    await surroundings.stop();
  }
}

async function sample(
  layout: Layout,
  { omeroOwnerUrl }: Surroundings,
  { images, fileSize }: DemoOptions,
): Promise<void> {
  say('\nSample OMERO');
  if (existsSync(layout.before)) {
    saySample(JSON.parse(readFileSync(layout.sampleReport, 'utf8')) as SampleReport, layout, say);
    return;
  }
  if (existsSync(layout.omero))
    throw new Error(
      `${layout.omero} holds something already that is no whole sample of ours; name another --dir, or remove it`,
    );
  const report = await buildSampleOmero({
    databaseUrl: omeroOwnerUrl,
    dataDir: layout.omero,
    images,
    fileSize,
    reportFile: layout.sampleReport,
  });
  await keepOmeroState(omeroOwnerUrl);
  await writeTree(layout.omero, layout.before);
  saySample(report, layout, say);
}

async function archiveAndBack(
  layout: Layout,
  surroundings: Surroundings,
  { store: kind, keep }: DemoOptions,
): Promise<number> {
  const store = await makeStore(kind, layout, say);
  try {
    const code = await archive(layout, surroundings, store);
    if (keep) await stay(layout);
    return code;
  } finally {
    await store.stop();
  }
}

async function archive(layout: Layout, surroundings: Surroundings, store: DemoStore): Promise<number> {
  const env = await settingsFor(layout, surroundings, store);
  await migrate(surroundings.registerUrl);
  const register = new Register(surroundings.registerUrl);
  const services = await startServices(layout, env);
  try {
    say('\nScan');
    await scan(register, services);
    sayRequests(await register.requests.list(['New']), say);
    const decisions = await decide(register);
    sayDecisions(decisions, say);
    const start = Date.now();
    const progress = showProgress(register, process.stdout);
    await untilDone(register, services, () => progress.show());
    const milliseconds = Date.now() - start;
    if (store.outOfReach) await recallAll(layout, register, services, decisions.approved, say);
    say('\nProof');
    const proven = await prove(layout, store, surroundings.omeroOwnerUrl, register);
    await saySummary(register, proven, milliseconds, say);
    say('\nThe retrieval');
    const restored = await restoreFileset(layout, register, services, surroundings.omeroOwnerUrl);
    sayRestored(restored, say);
    return proven.faults.length + restored.faults.length === 0 ? exitCodes.ok : exitCodes.failed;
  } finally {
    await services.stop();
    await register.close();
  }
}

/** Prepares what an administrator would: markers, the hold directory, the stores file, the scanner's role, the settings. */
async function settingsFor(
  layout: Layout,
  { omeroOwnerUrl, registerUrl, redisUrl }: Surroundings,
  store: DemoStore,
): Promise<Readonly<Record<string, string>>> {
  await mkdir(layout.hold, { recursive: true, mode: 0o700 });
  for (const name of rootNames) await writeMarker(join(layout.omero, name), name);
  await writeMarker(layout.hold, 'hold');
  await writeFile(layout.storesFile, store.yaml);
  const settings = {
    OMERO_DATABASE_URL: await makeScannerRole(omeroOwnerUrl),
    OMERO_DATA_DIR: layout.omero,
    REGISTER_DATABASE_URL: registerUrl,
    REDIS_URL: redisUrl,
    COLDROOM_STORES: layout.storesFile,
    COLDROOM_HOLD: '1s',
    COLDROOM_SWEEP_EVERY: '1s',
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

async function stay(layout: Layout): Promise<void> {
  say(`
Servers and data stay until Ctrl-C. To look around, in another terminal:
  npx coldroom --env ${layout.settings} requests list
  npx coldroom --env ${layout.settings} files list --state stuck
  npx coldroom --env ${layout.settings} status
The services run again with: set -a; . ${layout.settings}; set +a; npm start`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    setInterval(() => undefined, 60_000);
  });
}
