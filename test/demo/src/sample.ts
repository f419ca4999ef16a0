import { existsSync, readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { buildSampleOmero, type SampleReport } from '@coldroom/sample-omero';
import type { Layout } from './layout';
import { keepOmeroState } from './omero-state';
import type { OmeroUser } from './omero-user';
import { writeTree } from './tree';

export interface WantedSample {
  readonly images: number;
  readonly fileSize: number;
  readonly user: OmeroUser | undefined;
  /** In a database that the environment names, a sample may change between two demos. */
  readonly database: 'own' | 'given';
}

/** Whether there is a whole sample of this kind from which nothing was archived yet. */
export function sampleIsFresh(layout: Layout, wanted: WantedSample): boolean {
  return (
    wanted.database === 'own' &&
    existsSync(layout.sampleFresh) &&
    readFileSync(layout.sampleFresh, 'utf8') === described(wanted)
  );
}

/**
 * Makes the sample in an empty database and an empty directory, and records what is there before anything is archived.
 */
export async function makeSample(layout: Layout, databaseUrl: string, wanted: WantedSample): Promise<SampleReport> {
  const report = await buildSampleOmero({
    databaseUrl,
    dataDir: layout.omero,
    images: wanted.images,
    fileSize: wanted.fileSize,
    owner: wanted.user ? 'omero' : 'self',
    reportFile: layout.sampleReport,
  });
  await keepOmeroState(databaseUrl);
  await writeTree(layout.omero, layout.before);
  await writeFile(`${layout.sampleFresh}.new`, described(wanted));
  await rename(`${layout.sampleFresh}.new`, layout.sampleFresh);
  return report;
}

export function readSample(layout: Layout): SampleReport {
  return JSON.parse(readFileSync(layout.sampleReport, 'utf8')) as SampleReport;
}

/** From here on the sample is changed, and no later demo may begin with it. */
export async function useUpSample(layout: Layout): Promise<void> {
  await rm(layout.sampleFresh);
}

function described({ images, fileSize, user, database }: WantedSample): string {
  return JSON.stringify({ images, fileSize, database, owner: user?.uid ?? process.getuid?.() });
}
