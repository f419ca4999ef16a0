import { Client } from 'pg';
import type { Register } from '@coldroom/register';
import { markImages, type SampleReport } from '@coldroom/sample-omero';
import { scan } from './archive';
import type { Services } from './services';

const imagesEach = 6;

/** People mark more images, and a scan makes requests of them, which wait for a decision. */
export async function makeNewRequests(
  omeroUrl: string,
  report: SampleReport,
  register: Register,
  services: Services,
): Promise<void> {
  await markMoreImages(omeroUrl, report);
  await scan(register, services);
}

/** The next scan makes requests of them. */
export async function markMoreImages(omeroUrl: string, report: SampleReport): Promise<void> {
  for (const { owner, images } of await unmarkedOf(omeroUrl, report))
    await markImages(omeroUrl, images, owner, { expiry: 10, description: 'The paper is accepted' });
}

/** A few images of each person: of series, so that others come along. */
async function unmarkedOf(
  omeroUrl: string,
  { marked, ordinary }: SampleReport,
): Promise<readonly { readonly owner: number; readonly images: readonly number[] }[]> {
  const [taken, candidates] = [new Set(marked), [...ordinary.series.imageIds, ...ordinary['single-file'].imageIds]];
  const client = new Client({ connectionString: omeroUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string; owner: string }>(
      `SELECT id, owner_id AS owner FROM image WHERE id = ANY($1::bigint[]) AND NOT coalesce(archived, false) ORDER BY id`,
      [candidates.filter((id) => !taken.has(id))],
    );
    return [...Map.groupBy(rows, ({ owner }) => Number(owner))].map(([owner, images]) => ({
      owner,
      images: images.slice(0, imagesEach).map(({ id }) => Number(id)),
    }));
  } finally {
    await client.end();
  }
}
