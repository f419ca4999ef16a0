import type { Imported } from './images';
import type { Output } from './options';

interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

/** What is printed when the import of a fileset is done. Only identifiers are on stdout. */
export function resultLines(output: Output, { fileset, images, pixels, plates }: Imported): Printed {
  const lines = (...all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
  switch (output) {
    case 'yaml':
      return {
        stdout: lines(
          '---',
          `- Fileset: ${fileset}`,
          ...(plates.length > 0 ? [`  Plate: [${plates.join(',')}]`] : []),
          ...(images.length > 0 ? [`  Image: [${images.join(',')}]`] : []),
        ),
        stderr: lines('Imported objects:'),
      };
    case 'legacy':
      return {
        stdout: lines(...pixels.map(String)),
        stderr: lines(
          'Imported pixels:',
          'Other imported objects:',
          `Fileset:${fileset}`,
          ...plates.map((id) => `Plate:${id}`),
          ...images.map((id) => `Image:${id}`),
        ),
      };
    case 'ids':
      return {
        stdout: lines(plates.length > 0 ? `Plate:${plates.join(',')}` : `Image:${images.join(',')}`),
        stderr: lines('Other imported objects:', `Fileset:${fileset}`),
      };
  }
}

export interface Counts {
  files: number;
  filesets: number;
  plates: number;
  images: number;
}

/** The end of stderr. */
export function summary({ files, filesets, plates, images }: Counts, errors: number, ms: number): string {
  const counted = (name: string, count: number): string => `${count} ${name}${count === 1 ? '' : 's'}`;
  const time = new Date(ms).toISOString().slice(12, -1);
  const made = [counted('fileset', filesets), ...(plates > 0 ? [counted('plate', plates)] : [])].join(', ');
  return `\n==> Summary\n${counted('file', files)} uploaded, ${made} created, ${counted('image', images)} imported, ${counted('error', errors)} in ${time}\n`;
}
