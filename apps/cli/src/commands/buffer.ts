import { bufferUses, openImports, type BufferUse, type PersonUse } from '@coldroom/operations';
import { counted, formatAge, formatBytes, formatCount, formatDuration, table, type Lines } from '@coldroom/terminal';
import type { CliCommand, Result } from '../command';
import type { Context } from '../context';

interface Options {
  readonly dryRun?: true;
}

export function addBuffer(program: CliCommand): void {
  program
    .command('buffer')
    .argument('[buffer]', 'its name in the imports file; default: all')
    .description('show what is in the buffers that data is imported from, and what will be removed there')
    .option('--dry-run', 'list the sources of proven imports, and when each may be removed; nothing is removed')
    .examples('buffer', 'buffer main --dry-run', 'buffer --json')
    .runs((context, name: string | undefined, options: Options) => buffer(context, name, options));
}

async function buffer(context: Context, name: string | undefined, { dryRun }: Options): Promise<Result> {
  const imports = await openImports(context);
  const now = new Date();
  const uses = await context.register((register) => bufferUses(register, imports, name, now));
  return {
    document: { buffers: uses.map(documentOf) },
    lines: uses.map((use) => (dryRun ? toGoLines(use, now) : useLines(use, now))),
  };
}

/** Paths as they are shown; their bytes are left out. */
function documentOf(use: BufferUse): object {
  return {
    ...use,
    people: use.people.map((person) => ({
      ...person,
      overdue: person.overdue.map(({ display, files, bytes, changedAt }) => ({
        path: display,
        files,
        bytes,
        changedAt,
      })),
    })),
    toGo: use.toGo.map(({ order: { id, person, display, files, bytes, provenAt, note }, goesAt }) => ({
      ...{ order: id, person, path: display, files, bytes, provenAt, goesAt, note },
    })),
  };
}

function useLines({ name, directory, fault, people, kept }: BufferUse, now: Date): Lines {
  if (fault !== null) return [`${name}: ${fault}`];
  const overdue = people.flatMap((person) => person.overdue.map((set) => ({ ...set, person: person.person })));
  return [
    `${name}  ${directory}`,
    people.length === 0
      ? 'No files are in it'
      : table(
          [
            { title: 'PERSON' },
            { title: 'SETS', right: true },
            { title: 'FILES', right: true },
            { title: 'SIZE', right: true },
            { title: 'PROVEN', right: true },
            { title: 'OLDEST', right: true },
            { title: 'NEVER IMPORTED', right: true },
          ],
          people.map((use) => personRow(use, now)),
        ),
    ...overdue.map(
      ({ display, bytes, changedAt }) =>
        `${display}  ${formatBytes(bytes)}: changed last ${formatAge(changedAt, now)}, and never imported; it is not removed`,
    ),
    ...kept.map(
      ({ orderId, directory: at, files, bytes }) =>
        `${at}  ${counted(files, 'file')}, ${formatBytes(bytes)}: kept for import ${orderId}, as another file is in the place of each, or its directory is gone`,
    ),
  ];
}

function personRow(use: PersonUse, now: Date): readonly string[] {
  const { person, sets, files, bytes, provenBytes, oldest, overdue } = use;
  return [
    person ?? '(shared)',
    formatCount(sets),
    formatCount(files),
    formatBytes(bytes),
    formatBytes(provenBytes),
    formatAge(oldest, now),
    formatCount(overdue.length),
  ];
}

function toGoLines({ name, directory, fault, toGo }: BufferUse, now: Date): Lines {
  return [
    `${name}  ${directory}`,
    fault !== null && fault,
    toGo.length === 0
      ? 'It has no sources of proven imports'
      : table(
          [
            { title: 'IMPORT', right: true },
            { title: 'PERSON' },
            { title: 'FILES', right: true },
            { title: 'SIZE', right: true },
            { title: 'MAY GO' },
            { title: 'SOURCE' },
          ],
          toGo.map(({ order: { id, person, files, bytes, display }, goesAt }) => [
            String(id),
            person,
            formatCount(files),
            formatBytes(bytes),
            mayGo(goesAt, now),
            display,
          ]),
        ),
    ...toGo.flatMap(({ order: { id, note } }) => (note === null ? [] : [`Import ${id}: ${note}`])),
    'Each file is compared with what OMERO has before it is removed: whole sets go, or nothing of them',
  ];
}

function mayGo(goesAt: Date | null, now: Date): string {
  if (goesAt === null) return 'never';
  const ms = goesAt.getTime() - now.getTime();
  return ms <= 0 ? 'now' : `in ${formatDuration(ms)}`;
}
