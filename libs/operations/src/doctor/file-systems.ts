import {
  abilities,
  consequencesOf,
  type Ability,
  type AbilityFound,
  type Consequence,
  type FileSystemLook,
  type RootUse,
} from '@coldroom/domain';
import { openRoot, probe } from '@coldroom/files';
import type { Register } from '@coldroom/register';
import { holdPaths } from '@coldroom/trees';
import { failureOf } from '../failure';
import { withRegister } from '../open-register';
import { withStores } from '../stores/open';
import type { Surroundings } from '../surroundings';
import { warning, type Finding } from './findings';

/** One line of what `doctor --probe` prints: an ability, whether it is there, and what Coldroom does about it. */
export interface AbilityLine extends AbilityFound {
  readonly ability: Ability;
  readonly weight: Consequence['weight'] | 'fine';
  readonly consequence: string;
}

export interface ProbedDirectory {
  readonly use: RootUse;
  /** The store's name, or `hold`. */
  readonly name: string;
  readonly look: FileSystemLook;
  readonly lines: readonly AbilityLine[];
  /** Why the register does not have this answer. */
  readonly notKept?: string;
}

interface Probed {
  readonly use: RootUse;
  readonly name: string;
  readonly look: FileSystemLook;
}

/**
 * Tries the file systems of all hold directories and stores, and keeps the answers in the register. What cannot be tried
 * is left out, as `diagnose` says why; an answer that the register does not take says so itself.
 */
export async function probeFileSystems(around: Surroundings): Promise<readonly ProbedDirectory[]> {
  const { OMERO_DATA_DIR, COLDROOM_HOLD_DIRS } = around.settings('originals');
  const probed = new Map<string, Probed>();
  for (const path of holdPaths({ OMERO_DATA_DIR, COLDROOM_HOLD_DIRS })) {
    const look = await openRoot(path, 'hold')
      .then((root) => probe(root, Buffer.alloc(0)))
      .catch(() => undefined);
    if (look) probed.set(`hold ${path}`, { use: 'hold', name: 'hold', look });
  }
  await withStores(around, async ({ stores }) => {
    for (const store of stores.all) {
      await store.check('write').catch(() => undefined);
      // A part of a store of kind `copies` is a store of its own, too.
      for (const look of store.fileSystems ?? [])
        if (!probed.has(look.directory)) probed.set(look.directory, { use: 'store', name: store.name, look });
    }
  });
  return recorded(around, [...probed.values()]);
}

async function recorded(around: Surroundings, probed: readonly Probed[]): Promise<readonly ProbedDirectory[]> {
  const known: ProbedDirectory[] = [];
  const record = async ({ fileSystemLooks }: Register): Promise<void> => {
    for (const each of probed) known.push(explained(each, await fileSystemLooks.record(each.use, each.look)));
  };
  try {
    await withRegister(around.settings('register').REGISTER_DATABASE_URL, 'coldroom doctor', record);
  } catch (error) {
    const notKept = failureOf(error).message;
    for (const each of probed.slice(known.length)) known.push({ ...explained(each, each.look), notKept });
  }
  return known;
}

function explained({ use, name }: Probed, look: FileSystemLook): ProbedDirectory {
  const consequences = consequencesOf(use, look);
  const lines = abilities.map((ability): AbilityLine => {
    const found = consequences.find((each) => each.ability === ability);
    return { ability, ...look.abilities[ability], weight: found?.weight ?? 'fine', consequence: found?.text ?? '' };
  });
  return { use, name, look, lines };
}

/** What Coldroom works around. What it cannot do without was thrown before. */
export function warningsOf(about: string, use: RootUse, look: FileSystemLook): readonly Finding[] {
  return consequencesOf(use, look)
    .filter(({ weight }) => weight === 'warning')
    .map(({ ability, text }) =>
      warning(about, `its file system${look.type === '' ? '' : ` (${look.type})`} has no ${ability}`, text),
    );
}
