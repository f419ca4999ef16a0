import {
  diagnose,
  diagnoseImport,
  missingPreparations,
  prepare,
  probeFileSystems,
  type Finding,
  type Preparation,
} from '@coldroom/operations';
import { exitCodes } from '@coldroom/runtime';
import type { Lines } from '@coldroom/terminal';
import type { CliCommand } from '../command';
import type { Context } from '../context';
import { styled } from '../output';
import { fileSystemLines } from './doctor-file-systems';

interface Options {
  readonly prepare?: boolean;
  readonly probe?: boolean;
  readonly import?: boolean;
  readonly yes?: boolean;
}

export function addDoctor(program: CliCommand): void {
  program
    .command('doctor')
    .description('check settings, connections, mounts, markers and rights, and say what to do about each fault')
    .option(
      '--prepare',
      'first make what is missing: markers (.coldroom-root) in the OMERO trees, stores and buffers, and the hold directory',
    )
    .option(
      '--probe',
      'also show what the file system of each hold directory and store can do, found by small files of our own',
    )
    .option('--import', 'instead: check what imports need, with the settings of the importer and as its user')
    .yes()
    .examples('doctor', '--env /etc/coldroom.env doctor --prepare', 'doctor --probe', 'doctor --import')
    .runs(async (context, options: Options) => {
      const prepared = options.prepare ? await prepareMissing(context, options.yes) : [];
      const findings = await (options.import ? diagnoseImport(context) : diagnose(context));
      const fileSystems = options.probe ? await probeFileSystems(context) : [];
      const healthy = findings.every(({ level }) => level !== 'fault');
      return {
        document: { healthy, prepared, findings, ...(options.probe ? { fileSystems } : {}) },
        lines: [
          prepared.map((line) => `done: ${line}`),
          findings.map(findingLines),
          fileSystems.map((each) => ['', fileSystemLines(each)]),
        ],
        exitCode: healthy ? exitCodes.ok : exitCodes.failed,
      };
    });
}

async function prepareMissing(context: Context, yes: boolean | undefined): Promise<readonly string[]> {
  const plan = await missingPreparations(context);
  if (plan.length === 0) return [];
  const steps = plan.map(stepLine);
  context.out.note(steps.map((line) => `to do: ${line}`));
  await context.confirm('Make these? A marker says: this is the right disk, and it is mounted.', yes);
  for (const step of plan) await prepare(step);
  return steps;
}

function stepLine({ kind, path, markerName, note }: Preparation): string {
  const what = kind === 'directory' ? `make ${path} (mode 0700)` : `mark ${path} as "${markerName}"`;
  return note === undefined ? what : `${what}: ${note}`;
}

const marks = { ok: ['green', '   ok  '], warning: ['yellow', 'warning'], fault: ['red', ' FAULT '] } as const;

function findingLines({ level, about, found, next }: Finding): Lines {
  const [style, mark] = marks[level];
  return [`${styled(style, mark)}  ${about}: ${found}`, next !== undefined && `${' '.repeat(9)}next: ${next}`];
}
