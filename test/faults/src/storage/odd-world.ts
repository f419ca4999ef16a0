import { OddFs, type Oddities } from '@coldroom/odd-fs';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { World } from '../world';

/** `tree`: OMERO's files with the hold directory. */
export type Place = 'tree' | 'store';

/** A world with OMERO's files on one odd-fs, and the store on another. */
export class OddWorld {
  private constructor(
    readonly world: World,
    private readonly mounted: Readonly<Record<Place, OddFs>>,
  ) {}

  static async create(): Promise<OddWorld> {
    const mounted: Partial<Record<Place, OddFs>> = {};
    const mount =
      (place: Place) =>
      (on: string): (() => void) => {
        const fs = (mounted[place] = OddFs.mount(on));
        return () => fs.remove();
      };
    const world = await World.create({ hold: '0', mounts: { OMERO: mount('tree'), store: mount('store') } });
    return new OddWorld(world, mounted as Record<Place, OddFs>);
  }

  at(place: Place): OddFs {
    return this.mounted[place];
  }

  /** What services read at their next start. */
  setStore(settings: object): void {
    const main = { kind: 'file', directory: this.world.store, sameFileSystem: true, ...settings };
    writeFileSync(join(this.world.dir, 'stores.json'), JSON.stringify({ default: 'main', stores: { main } }));
  }

  set(place: Place, oddities: Oddities): void {
    this.mounted[place].set(oddities);
    this.world.timeUnitNs = BigInt(oddities.timeUnitNs ?? 1);
  }

  /** From now on, both are ordinary file systems. */
  reset(): void {
    for (const fs of Object.values(this.mounted)) fs.set();
  }
}

const full = process.env['TEST_STORAGE'] === 'all';

/** All lines of a table where `npm run test:storage` runs it, else those that are marked for the short form. */
export function shortOr<T extends { readonly short?: true }>(lines: readonly T[]): readonly T[] {
  return full ? lines : lines.filter(({ short }) => short);
}

/** Tests that only `npm run test:storage` runs. */
export function inFull(name: string, tests: (name: string) => void): void {
  if (full) tests(name);
  else test.skip(`${name} (npm run test:storage)`, () => undefined);
}
