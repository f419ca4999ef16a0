import { basename, dirname, join } from 'node:path';
import { imageRows, plateRows, type OmeroServer } from '@coldroom/sample-omero';
import { omeroFormat } from './formats/omero-formats';
import type { Reading } from './formats/reading';
import { importEvent } from './fileset';
import type { Session } from './session';
import type { Target } from './target';

/** What a finished import returned to the client, by OMERO's names of classes. */
export interface Imported {
  readonly fileset: number;
  readonly images: readonly number[];
  readonly pixels: readonly number[];
  readonly plates: readonly number[];
}

export interface ImagePlan {
  readonly fileset: number;
  readonly prefix: string;
  /** Of the file that is opened, below the prefix. */
  readonly main: string;
  readonly reading: Pick<Reading, 'reader' | 'isPlate' | 'series'>;
  readonly name?: string;
  readonly description?: string;
  readonly target?: Target;
}

/** What the server commits when all bytes are there: images with pixels, in a dataset or in wells. */
export async function importImages(server: OmeroServer, session: Session, plan: ImagePlan): Promise<Imported> {
  const { fileset, main, reading, target } = plan;
  const event = await importEvent(server, session);
  const [images, pixels]: [number[], number[]] = [[], []];
  const name = plan.name ?? basename(main);
  for (const [index, series] of reading.series.entries()) {
    const made = await imageRows(server, session.user, event, {
      name: reading.series.length > 1 ? `${name} [${series.name ?? `Series ${index + 1}`}]` : name,
      series: index,
      width: series.x,
      height: series.y,
      planes: series,
      pixelsType: series.pixelsType,
      format: omeroFormat(reading.reader),
      ...(plan.description === undefined ? {} : { description: plan.description }),
      fileset,
      path: join(plan.prefix, dirname(main)).replace(/\/$/, ''),
      file: basename(main),
      dataset: !reading.isPlate && target?.kind === 'dataset' ? target.id : undefined,
    });
    images.push(made.image);
    pixels.push(made.pixels);
  }
  const plates: number[] = [];
  if (reading.isPlate && images.length > 0) {
    const samples = images.map((image, index) => ({
      image,
      ...(reading.series[index]!.well ?? { row: 0, column: 0 }),
    }));
    const screen = target?.kind === 'screen' ? target.id : undefined;
    plates.push(await plateRows(server, server.details(session.user, event), { name, screen, samples }));
  }
  await server.flush();
  return { fileset, images, pixels, plates };
}
