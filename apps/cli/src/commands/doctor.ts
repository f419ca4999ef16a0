import type { Command } from 'commander';
import { exitCodes } from '@coldroom/runtime';
import { holdPaths } from '@coldroom/trees';
import { indented } from '@coldroom/terminal';
import { confirmed } from '../confirm';
import type { Act, Context } from '../context';
import { examineBioFormats } from '@coldroom/operations';
import { examineConnections } from '@coldroom/operations';
import { examine, type Finding } from '@coldroom/operations';
import { examineNode } from '@coldroom/operations';
import { becomeOwner, ownerOf } from '@coldroom/operations';
import { carryOut, described, planPreparations } from '@coldroom/operations';
import { readAllSettings, type KnownSettings } from '@coldroom/operations';
import { examineStores } from '@coldroom/operations';
import { examineTrees } from '@coldroom/operations';
import { examples } from '../examples';
import { UsageError, type ExitCode } from '@coldroom/operations';
import { yesOption } from '../options';
import { styled } from '../output';

interface Options {
  readonly prepare?: boolean;
  readonly yes?: boolean;
}

export function addDoctor(program: Command, act: Act): void {
  program
    .command('doctor')
    .description('check settings, connections, mounts, markers and rights, and say what to do about each fault')
    .option(
      '--prepare',
      'first make what is missing: markers (.coldroom-root) in the OMERO trees and stores, and the hold directory',
    )
    .option(...yesOption)
    .addHelpText('after', examples('doctor', '--env /etc/coldroom.env doctor --prepare'))
    .action((options: Options) => act((context) => doctor(context, options)));
}

async function doctor(context: Context, { prepare = false, yes = false }: Options): Promise<ExitCode> {
  const { settings, findings } = readAllSettings(context.env);
  const prepared = prepare ? await prepareMissing(context, settings, yes) : [];
  if (prepared === undefined) return exitCodes.failed;
  const all = [...findings, ...(await examineAll(context, settings))];
  const faults = all.filter((one) => one.level === 'fault').length;
  context.out.result({ healthy: faults === 0, prepared, findings: all }, () => [
    ...prepared.map((line) => `done: ${line}`),
    ...all.flatMap(lines),
  ]);
  return faults > 0 ? exitCodes.failed : exitCodes.ok;
}

async function examineAll(context: Context, settings: KnownSettings): Promise<readonly Finding[]> {
  const { OMERO_DATA_DIR: dataDir, COLDROOM_STORES: stores, OMERO_BIOFORMATS_VERSION: setting } = settings;
  // Before we become another user, who may not be allowed to read our own code.
  const holds = dataDir === undefined ? [] : holdPaths({ ...settings, OMERO_DATA_DIR: dataDir });
  return [
    examineNode(),
    ...(await examineConnections(context, settings)),
    ...(dataDir === undefined ? [] : await examine('user', async () => becomeOwner(await ownerOf(dataDir)))),
    ...(dataDir === undefined ? [] : await examine('Bio-Formats', () => examineBioFormats({ setting, dataDir }))),
    ...(dataDir === undefined ? [] : await examineTrees(dataDir, holds)),
    ...(dataDir === undefined || stores === undefined ? [] : await examineStores(context)),
  ];
}

/** Undefined where the person answered no. */
async function prepareMissing(
  context: Context,
  settings: KnownSettings,
  yes: boolean,
): Promise<readonly string[] | undefined> {
  const { OMERO_DATA_DIR: dataDir, COLDROOM_STORES: stores } = settings;
  if (dataDir === undefined) throw new UsageError('--prepare needs OMERO_DATA_DIR');
  const plan = await planPreparations(dataDir, holdPaths({ ...settings, OMERO_DATA_DIR: dataDir }), stores);
  if (plan.length === 0) return [];
  for (const step of plan) context.out.note(`to do: ${described(step)}`);
  if (
    !(await confirmed('Make these? A marker says: this is the right disk, and it is mounted.', {
      yes,
      json: context.out.json,
    }))
  ) {
    context.out.note('Nothing was changed.');
    return undefined;
  }
  for (const step of plan) await carryOut(step);
  return plan.map(described);
}

const marks = { ok: ['green', '   ok  '], warning: ['yellow', 'warning'], fault: ['red', ' FAULT '] } as const;

function lines({ level, about, found, next }: Finding): readonly string[] {
  const [style, mark] = marks[level];
  return [
    `${styled(style, mark)}  ${about}: ${found}`,
    ...(next ? indented(indented(indented(indented([` next: ${next}`])))) : []),
  ];
}
