import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Stage } from '@coldroom/pipeline';

export const workspace = join(__dirname, '..', '..', '..');

export interface StageFile {
  /** The app that has it. */
  readonly service: string;
  readonly file: string;
  readonly className: string;
  readonly stage: Pick<Stage, 'name' | 'takes' | 'runsWhileStopped'>;
}

type Constructor = new () => Pick<Stage, 'name' | 'takes' | 'runsWhileStopped'>;

/** All stages of bags, from the files `<stage>.stage.ts` of all apps but the importer, whose stages work on orders. */
export async function stageFiles(): Promise<readonly StageFile[]> {
  const paths = globSync('apps/*/src/**/*.stage.ts', { cwd: workspace })
    .filter((path) => !path.startsWith('apps/importer/'))
    .sort();
  return Promise.all(
    paths.map(async (path) => {
      const exported = Object.entries((await import(join(workspace, path))) as Record<string, unknown>);
      const stages = exported.filter(
        (entry): entry is [string, Constructor] =>
          typeof entry[1] === 'function' && 'run' in (entry[1].prototype ?? {}),
      );
      if (stages.length !== 1) throw new Error(`${path} exports ${stages.length} stages, not one`);
      const [[className, StageClass]] = stages as [[string, Constructor]];
      return { service: path.split('/')[1] as string, file: basename(path), className, stage: new StageClass() };
    }),
  );
}

/** The words of a name in any of our spellings: `verify-fetched`, `fetchVerified`, `VerifyFetchedStage`. */
export const wordsOf = (name: string): readonly string[] =>
  name
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split('-');

/** `bring-online` to `bringOnline`: how the stage's event is spelt. */
export const eventOf = (stage: string): string =>
  stage.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
