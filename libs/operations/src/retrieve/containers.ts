import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refused, Transient, type Container } from '@coldroom/domain';
import { OmeroDatabase } from '@coldroom/omero';
import type { ContainerAnswer, Register, Target } from '@coldroom/register';
import { notFound } from '../failure';
import type { Reviewer } from '../requests/review';
import { may, visibleTo } from '../rights/rights';
import type { Surroundings } from '../surroundings';

/** The images of a container, as OMERO said not long ago; none if OMERO has no such container. */
export interface ContainerImages {
  /** `Dataset:7` */
  readonly container: string;
  /** Null if OMERO has no such container. */
  readonly name: string | null;
  readonly imageIds: readonly bigint[];
}

/** More are not named at once: each may have many images. */
export const mostContainers = 20;
const pollMs = 100;
const limitMs = 8000;

export const nameOfContainer = ({ kind, id }: Container): string => `${kind}:${id}`;

/**
 * What is in these containers, which the scanner reads for whoever asks. `Transient` `CONTAINER_NOT_READ` if it does not
 * answer within some seconds, or could not read one; `Refused` `CONTAINER_TOO_LARGE` to who may see everything: for others
 * such a container looks as if it did not exist.
 * @param maxAgeMs an older answer is not used
 */
export async function imagesOfContainers(
  reviewer: Reviewer,
  containers: readonly Container[],
  maxAgeMs: number,
): Promise<readonly ContainerImages[]> {
  if (containers.length === 0) return [];
  const { register } = reviewer;
  await register.containers.ask(containers, maxAgeMs);
  for (const begun = performance.now(); !(await register.containers.areAnswered(containers)); await sleep(pollMs))
    if (performance.now() - begun > limitMs) throw notAnswered(containers);
  return (await register.containers.answers(containers)).map((answer) => imagesOf(reviewer, answer));
}

function imagesOf({ actor, policy }: Reviewer, answer: ContainerAnswer): ContainerImages {
  const container = nameOfContainer(answer);
  if (answer.code === null) return { ...answer, container };
  if (answer.code === 'CONTAINER_TOO_LARGE') {
    if (visibleTo(actor, policy) === undefined) throw new Refused(answer.code, answer.reason ?? '');
    return { container, name: null, imageIds: [] };
  }
  // The reason may name hosts and tables.
  const seesReason = may(actor.roles, 'seeStuck', ['other'], policy);
  throw new Transient(
    'CONTAINER_NOT_READ',
    `The scanner could not read ${container} in OMERO${seesReason ? `: ${answer.reason}` : '. Try again in a minute, or ask the administrator'}`,
  );
}

/** The same for the same images: whoever saw what would come back requests that, and nothing else. Null without any. */
export function fingerprintOf(containers: readonly ContainerImages[]): string | null {
  if (containers.length === 0) return null;
  const hash = createHash('sha256');
  for (const { container, imageIds } of containers) hash.update(`${container} ${imageIds.join(',')}\n`);
  return hash.digest('base64url');
}

function notAnswered(containers: readonly Container[]): Transient {
  const named = containers.slice(0, 3).map(nameOfContainer).join(' ');
  return new Transient(
    'CONTAINER_NOT_READ',
    `The scanner has not answered yet which images are in ${named}${containers.length > 3 ? ' and others' : ''}. Try again in a minute. If it stays so, ask the administrator whether the scanner is running`,
  );
}

/**
 * The archived images of containers, read in OMERO's database. `Refused` `NO_SUCH_TARGET` if OMERO has no such container,
 * or nothing of it is archived.
 */
export async function archivedImagesIn(
  around: Surroundings,
  register: Register,
  containers: readonly Container[],
): Promise<readonly Target[]> {
  if (containers.length === 0) return [];
  const omero = OmeroDatabase.connect(around.settings('omero').OMERO_DATABASE_URL, { max: 1 });
  try {
    const images = new Set<bigint>();
    for (const container of containers) {
      const found = await omero.container(container);
      if (!found)
        throw notFound(
          `${nameOfContainer(container)} in OMERO`,
          'NO_SUCH_TARGET',
          'OMERO.web shows the id of what is selected on the right',
        );
      for (const image of found.imageIds) images.add(image);
    }
    const ids = await register.retrievals.archivedAmong([...images]);
    if (ids.length === 0)
      throw notFound(
        `an archived image in ${containers.map(nameOfContainer).join(' ')}`,
        'NO_SUCH_TARGET',
        'images that are there already need no restore',
      );
    return [{ kind: 'Image', ids }];
  } finally {
    await omero.close();
  }
}
