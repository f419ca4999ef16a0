import { codeOf, type Identity, type Work } from '@coldroom/domain';
import { identify, openDirectory, openRoot, typeOf, type Directory, type Files, type Root } from '@coldroom/files';
import type { DescribedFile } from '@coldroom/bagit';

/** An original in a hold directory. Its name is the number that its file had in the register. */
export interface Held {
  readonly number: bigint;
  readonly identity: Identity;
}

const numbers = /^[1-9]\d{0,17}$/;

/** The hold directories. They are only read; nothing in them is ever changed here. */
export class HeldOriginals {
  private constructor(
    private readonly roots: readonly Root[],
    private readonly files: Files,
  ) {}

  /** `Transient` `ROOT_UNAVAILABLE` if one is not available: its held originals would be unknown. */
  static async open(paths: readonly string[], files: Files): Promise<HeldOriginals> {
    return new HeldOriginals(await Promise.all(paths.map((path) => openRoot(path, 'hold'))), files);
  }

  /** Bags with held originals, each with the number of those files and the highest number among them. */
  async *bags(): AsyncGenerator<{
    readonly bag: string;
    readonly files: number;
    readonly bytes: bigint;
    readonly highest: bigint;
  }> {
    for (const root of this.roots) {
      for (const bag of await listed(await openDirectory(root, Buffer.alloc(0)))) {
        const found = [...(await heldIn(root, bag.name))];
        if (found.length === 0) continue;
        yield {
          bag: bag.name.toString(),
          files: found.length,
          bytes: found.reduce((sum, one) => sum + one.identity.size, 0n),
          highest: found.reduce((most, { number }) => (number > most ? number : most), 0n),
        };
      }
    }
  }

  /**
   * Which of these files of a bag is held under which number. Files of the same size and mtime are read, and only an
   * equal SHA-256 counts. A file that is not recognised stays in place.
   */
  async recognise(bag: string, files: readonly DescribedFile[], work: Work): Promise<ReadonlyMap<DescribedFile, Held>> {
    const recognised = new Map<DescribedFile, Held>();
    for (const root of this.roots) {
      for (const held of await heldIn(root, Buffer.from(bag))) {
        const alike = files.filter(
          (file) =>
            !recognised.has(file) &&
            file.identity.size === held.identity.size &&
            file.identity.mtimeNs === held.identity.mtimeNs,
        );
        if (alike.length === 0) continue;
        const path = Buffer.from(`${bag}/${held.number}`);
        const [outcome] = await this.files.hash(
          [{ root: root.directory, path, algorithms: ['SHA-256'], expect: held.identity }],
          { direct: false },
          work,
        );
        const same =
          outcome && 'ok' in outcome
            ? alike.find((file) => file.digests['SHA-256'] === outcome.ok.digests['SHA-256'])
            : undefined;
        if (same) recognised.set(same, held);
      }
    }
    return recognised;
  }
}

async function heldIn(root: Root, bag: Buffer): Promise<readonly Held[]> {
  const directory = await openDirectory(root, bag).catch((error: unknown) => {
    // The linker makes directories; a file in place of one is not Coldroom's.
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'PARENT_NOT_A_DIRECTORY') return undefined;
    throw error;
  });
  return directory
    ? (await listed(directory))
        .filter(({ name, identity }) => numbers.test(name.toString('latin1')) && typeOf(identity.mode) === 'file')
        .map(({ name, identity }) => ({ number: BigInt(name.toString('latin1')), identity }))
    : [];
}

async function listed(
  directory: Directory,
): Promise<readonly { readonly name: Buffer; readonly identity: Identity }[]> {
  try {
    const found = [];
    for (const name of await directory.names()) {
      const identity = await identify(directory.at(name));
      if (identity) found.push({ name, identity });
    }
    return found;
  } finally {
    await directory.close();
  }
}
