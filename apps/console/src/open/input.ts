import { BadRequestException } from '@nestjs/common';
import { z } from 'zod';
import { containerKinds, type Container } from '@coldroom/domain';
import { idText } from '../files/input';
import { mostContainers } from '@coldroom/operations';
import { mostIds } from '../retrievals/input';

/** OMERO.web sends the same name once for each id. */
const ids = z
  .array(idText)
  .default([])
  .transform((all) => [...new Set(all)]);

const opened = z
  .strictObject({ image: ids, dataset: ids, project: ids, plate: ids, screen: ids })
  .refine(
    (all) => Object.values(all).flat().length <= mostIds,
    `At most ${mostIds} objects can be opened at once: choose fewer in OMERO.web`,
  )
  .refine(
    ({ dataset, project, plate, screen }) => [dataset, project, plate, screen].flat().length <= mostContainers,
    `At most ${mostContainers} datasets, projects, plates and screens can be opened at once: choose fewer in OMERO.web`,
  );

/** What someone chose in OMERO.web. */
export interface Chosen {
  readonly images: readonly bigint[];
  readonly containers: readonly Container[];
}

/** @param url as it was requested: Node's parser of queries leaves out what comes after the first thousand names */
export function parseChosen(url: string): Chosen {
  const named = [...new URL(url, 'http://console').searchParams];
  const byName = Map.groupBy(named, ([name]) => name);
  const parsed = opened.safeParse(
    Object.fromEntries([...byName].map(([name, pairs]) => [name, pairs.map(([, id]) => id)])),
  );
  if (parsed.success) return chosenOf(parsed.data);
  const [issue] = parsed.error.issues;
  const [name] = issue?.path ?? [];
  throw new BadRequestException(
    name === undefined ? issue?.message : `"${String(name)}" must name numbers, such as ${String(name)}=12`,
  );
}

function chosenOf(named: z.output<typeof opened>): Chosen {
  const containers = containerKinds.flatMap((kind) =>
    named[kind.toLowerCase() as Lowercase<typeof kind>].map((id) => ({ kind, id })),
  );
  return { images: named.image, containers };
}
