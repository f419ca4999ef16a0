import { dirname, join } from 'node:path';
import { canChattr, chattr, makeChangeable } from '@coldroom/files/testing';
import type { TinyOmero } from '@coldroom/sample-omero';
import { Scene } from './testing/scene';

const withChattr = canChattr() ? test : test.skip;

describe('files that cannot be replaced by links', () => {
  let scene: Scene;
  let tiny: TinyOmero;
  const at = (nr: number, file = 0): string => tiny.filesets[nr]!.paths[file]!;
  beforeAll(async () => {
    scene = await Scene.create('protected');
    tiny = await scene.add(
      ['immutable', 'appended', 'in-immutable', 'in-appended', 'plain'].map((name) => ({
        files: [
          { name: `${name}/${name}.tif`, size: 20 },
          { name: `${name}.log`, size: 10 },
        ],
      })),
    );
  });
  afterAll(async () => {
    makeChangeable(scene.dataDir);
    await scene.close();
  });

  withChattr('are skipped at the scan, each with the command that helps; the rest is taken', async () => {
    chattr('+i', at(0), dirname(at(2)));
    chattr('+a', at(1), dirname(at(3)));
    await scene.scan.run('test');
    const files = await scene.register.reports.files({});
    const reported = (nr: number) =>
      files
        .filter((file) => file.fileset === `Fileset:${tiny.filesets[nr]!.id}`)
        .map(({ code, reason }) => [code, reason]);
    const next = (what: string, option: string, path: string): unknown =>
      expect.stringMatching(`^the ${what} '${path}' is .* Next: chattr ${option} '${path}', as root$`);
    const beside = ['FILESET_INCOMPLETE', expect.any(String)];
    expect(reported(0)).toEqual([['FILE_PROTECTED', next('file', '-i', at(0))], beside]);
    expect(reported(1)).toEqual([['FILE_PROTECTED', next('file', '-a', at(1))], beside]);
    expect(reported(2)).toEqual([['DIRECTORY_PROTECTED', next('directory', '-i', dirname(at(2)))], beside]);
    expect(reported(3)).toEqual([['DIRECTORY_PROTECTED', next('directory', '-a', dirname(at(3)))], beside]);
    expect(reported(4)).toEqual([
      [null, null],
      [null, null],
    ]);
    expect(at(0).startsWith(join(scene.dataDir, 'ManagedRepository'))).toBe(true);
  });
});
