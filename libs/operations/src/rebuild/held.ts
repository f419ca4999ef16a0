import { codeOf, Refused, type Identity, type Work } from '@coldroom/domain';
import { identify, openDirectory, openRoot, typeOf, type Directory, type Files, type Root } from '@coldroom/files';
import type { DescribedFile } from '@coldroom/bagit';

/** An original in a hold directory. Its name is the number that its file had in the register. */
export interface Held {
  readonly number: bigint;
  readonly identity: Identity;
}

/** The number that the register has for each of these files, or null. */
export type NumbersOf = (files: readonly Pick<DescribedFile, 'root' | 'path'>[]) => Promise<readonly (bigint | null)[]>;

/** Only these say that nothing is held there. */
const noOriginal = ['SOURCE_MISSING', 'NOT_A_REGULAR_FILE'];

const numerals = /^[1-9]\d{0,17}$/;

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
   * equal SHA-256 counts; of equal files, each takes the number that the register has for it, if one is held under that.
   * A file that is not recognised stays in place. `Refused` if one cannot be read: it may well be the original.
   */
  async recognise(
    bag: string,
    files: readonly DescribedFile[],
    numbersOf: NumbersOf,
    work: Work,
  ): Promise<ReadonlyMap<DescribedFile, Held>> {
    const equal: { readonly held: Held; readonly files: readonly DescribedFile[] }[] = [];
    for (const root of this.roots) {
      for (const held of await heldIn(root, Buffer.from(bag))) {
        const alike = files.filter(
          ({ identity }) => identity.size === held.identity.size && identity.mtimeNs === held.identity.mtimeNs,
        );
        const digest = alike.length === 0 ? undefined : await this.digestOf(root, bag, held, work);
        const same = alike.filter((file) => digest !== undefined && file.digests['SHA-256'] === digest);
        if (same.length > 0) equal.push({ held, files: same });
      }
    }
    const candidates = [...new Set(equal.flatMap((one) => one.files))];
    const numbers = await numbersOf(candidates);
    const numberOf = new Map(candidates.map((file, at) => [file, numbers[at]]));
    const recognised = new Map<DescribedFile, Held>();
    const left = equal.filter(({ held, files: same }) => {
      const own = same.find((file) => numberOf.get(file) === held.number);
      if (own) recognised.set(own, held);
      return !own;
    });
    for (const { held, files: same } of left) {
      const other = same.find((file) => !recognised.has(file));
      if (other) recognised.set(other, held);
    }
    return recognised;
  }

  private async digestOf(root: Root, bag: string, { number, identity }: Held, work: Work): Promise<string | undefined> {
    const [outcome] = await this.files.hash(
      [{ root: root.directory, path: Buffer.from(`${bag}/${number}`), algorithms: ['SHA-256'], expect: identity }],
      { direct: false },
      work,
    );
    if (!outcome) throw new Error('no outcome');
    if ('ok' in outcome) return outcome.ok.digests['SHA-256'];
    if (noOriginal.includes(outcome.error.code)) return undefined;
    const { code, message } = outcome.error;
    throw new Refused(code, `The held original ${bag}/${number} could not be read: ${message}`, { bag });
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
        .filter(({ name, identity }) => numerals.test(name.toString('latin1')) && typeOf(identity.mode) === 'file')
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
