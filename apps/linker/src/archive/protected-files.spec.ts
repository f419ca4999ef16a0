import { chownSync, lstatSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ArchiveFile } from '@coldroom/domain';
import { HoldDirectories } from '@coldroom/trees';
import { Workbench } from '@coldroom/pipeline/testing';
import { canChattr, chattr, makeChangeable } from '@coldroom/files/testing';
import { LinkStage } from './link.stage';
import { HoldTime, Places } from '../paths/places';
import { whyNotLinked, whyNotPermitted } from './why-refused';

const withChattr = canChattr() ? test : test.skip;
const asRoot = process.geteuid!() === 0 ? test : test.skip;

describe('an original that was protected after the scan', () => {
  let bench: Workbench;
  let stage: LinkStage;
  beforeAll(async () => {
    bench = await Workbench.create('protected');
    stage = new LinkStage(
      bench.stores,
      bench.originals,
      bench.register,
      new HoldDirectories([bench.holdDir]),
      new HoldTime(0),
      bench.files,
    );
  });
  afterAll(async () => {
    makeChangeable(bench.dataDir);
    await bench.close();
  });

  /** A file whose copy is durable. `before` runs before the file is hashed. */
  async function durable(name: string, before?: (path: Buffer) => Promise<void>): Promise<string> {
    await bench.request({ [`Fileset:${name}`]: [{ path: `${name}/f.tif`, content: name }] }, before);
    await bench.bring('sealed');
    return bench.at(`${name}/f.tif`).toString();
  }

  const next = (what: string, change: string, path: string): unknown =>
    expect.stringMatching(
      `^the ${what} '${escaped(path)}' is .* Next: chattr ${change.replace('+', '-')} '${escaped(path)}', as root$`,
    );
  const escaped = (path: string): string => path.replaceAll('+', '\\+');

  withChattr.each(['+i', '+a'])('gets stuck with the command that helps where it is the file: %s', async (change) => {
    const path = await durable(`file${change}`, async (original) => chattr(change, original.toString()));
    const { transitions } = await bench.run(stage);
    expect(transitions).toMatchObject([{ to: 'stuck', code: 'FILE_PROTECTED', reason: next('file', change, path) }]);
    expect(lstatSync(path).isFile()).toBe(true);
  });

  withChattr.each(['+i', '+a'])('gets stuck where it is the directory, and is linked after it: %s', async (change) => {
    const path = await durable(`directory${change}`);
    chattr(change, dirname(path));
    const { transitions } = await bench.run(stage);
    expect(transitions).toMatchObject([
      { to: 'stuck', code: 'DIRECTORY_PROTECTED', reason: next('directory', change, dirname(path)) },
    ]);
    expect(lstatSync(path).isFile()).toBe(true);
    chattr(change.replace('+', '-'), dirname(path));
    await bench.register.operator.retry({ kind: 'File', ids: [transitions[0]!.id] }, () => 'none', 'test');
    expect((await bench.run(stage)).transitions).toMatchObject([{ to: 'linked' }]);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
  });

  withChattr('is not blamed where it is the hold directory that is protected', async () => {
    await durable('held');
    const { bag } = (await bench.register.reports.files({ fileset: 'Fileset:held' }))[0]!;
    const hold = join(bench.holdDir, bag!);
    mkdirSync(hold);
    chattr('+i', hold);
    expect((await bench.run(stage)).transitions).toMatchObject([
      { code: 'DIRECTORY_PROTECTED', reason: expect.stringContaining(`the directory '${hold}' is immutable`) },
    ]);
  });

  asRoot('whose directory belongs to another user is named with that user', async () => {
    const path = await durable('foreign');
    chownSync(dirname(path), 4711, 4711);
    const places = new Places(bench.originals, bench.holds, bench.stores.default, 'request-0-bag-1');
    const place = await places.of({
      id: 1n,
      root: 'ManagedRepository',
      path: Buffer.from('foreign/f.tif'),
    } as ArchiveFile);
    const error = (code: string): Error => Object.assign(new Error(code), { code });
    expect(whyNotLinked(error('EACCES'), place)).toMatchObject({
      code: 'DIRECTORY_NOT_WRITABLE',
      message: `no link can be made in the directory '${dirname(path)}': it belongs to uid 4711 and has mode 755, and the linker runs as uid 0. Next: run the linker as uid 4711, or give its user the right to write there`,
    });
    for (const other of [error('EIO'), error('EPERM')]) expect(whyNotLinked(other, place)).toBe(other);
    const denied = error('EACCES');
    expect(whyNotPermitted(denied, place)).toBe(denied); // of a hold: not about this directory
    await places.close();
  });
});
