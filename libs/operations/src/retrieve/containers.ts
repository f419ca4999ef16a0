import { setTimeout as sleep } from 'node:timers/promises';
import { Refused, Transient, type Container } from '@coldroom/domain';
import { OmeroDatabase } from '@coldroom/omero';
import type { Register, Target } from '@coldroom/register';
import { notFound } from '../failure';
import type { Surroundings } from '../surroundings';

/** The images of a container, as OMERO said not long ago; none if OMERO has no such container. */
export interface ContainerImages {
  /** `Dataset:7` */
  readonly container: string;
  /** Null if OMERO has no such container. */
  readonly name: string | null;
  readonly imageIds: readonly bigint[];
}

const pollMs = 100;
const limitMs = 8000;

export const nameOfContainer = ({ kind, id }: Container): string => `${kind}:${id}`;

/**
 * What is in these containers, which the scanner reads for whoever asks. `Transient` `CONTAINER_NOT_READ` if it does not
 * answer within some seconds, or could not read one; `Refused` as it was refused.
 * @param maxAgeMs an older answer is not used
 */
export async function imagesOfContainers(
  register: Register,
  containers: readonly Container[],
  maxAgeMs: number,
): Promise<readonly ContainerImages[]> {
  if (containers.length === 0) return [];
  await register.containers.ask(containers, maxAgeMs);
  for (const begun = performance.now(); ; await sleep(pollMs)) {
    const answers = await register.containers.answers(containers);
    const failed = answers.find(({ code }) => code !== null);
    if (failed?.code === 'CONTAINER_TOO_LARGE') throw new Refused(failed.code, failed.reason ?? '');
    if (failed)
      throw new Transient(
        'CONTAINER_NOT_READ',
        `The scanner could not read ${nameOfContainer(failed)} in OMERO: ${failed.reason}`,
      );
    if (answers.length === containers.length)
      return answers.map((answer) => ({ ...answer, container: nameOfContainer(answer) }));
    if (performance.now() - begun > limitMs) throw notAnswered(containers);
  }
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
