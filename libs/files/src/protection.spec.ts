import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Files } from './files';
import { quotedPath } from './path';
import { protectedAgainstChange } from './protection';
import { canChattr, chattr, makeChangeable } from './testing/chattr';
import { asRoot, makeScratch, run, type Scratch } from './testing/scratch';

const withChattr = canChattr() ? test : test.skip;

describe("what keeps a link from taking a file's place", () => {
  let scratch: Scratch;
  let files: Files;
  beforeEach(async () => {
    scratch = await makeScratch();
    files = new Files({ threads: 1 });
  });
  afterEach(async () => {
    await files.close();
    if (asRoot) makeChangeable(dirname(scratch.root));
    scratch.remove();
  });

  const inspected = async (path: Buffer, protection = true) => {
    const [found] = await files.inspect([{ root: scratch.root, path }], { protection });
    return found;
  };
  const refusal = async (path: Buffer) => {
    const found = await inspected(path);
    return found && 'protectedBy' in found ? [found.protectedBy?.code, found.protectedBy?.message] : undefined;
  };

  test('is nothing for an ordinary file, and is not determined unless requested', async () => {
    const path = scratch.write('a/b.tif');
    expect(await inspected(path)).not.toHaveProperty('protectedBy');
    expect(protectedAgainstChange(Buffer.from(join(scratch.root, 'a/b.tif')))).toBeUndefined();
    expect(protectedAgainstChange(Buffer.from(join(scratch.root, 'a/missing')))).toBeUndefined();
  });

  withChattr.each([
    ['+i', 'immutable', '-i'],
    ['+a', 'append-only', '-a'],
  ])('is an attribute of the file: chattr %s', async (change, word, undo) => {
    const path = scratch.write("it's a/b c.tif");
    const shown = `'${scratch.root}/it'\\''s a/b c.tif'`;
    chattr(change, join(scratch.root, path.toString()));
    expect(await refusal(path)).toEqual([
      'FILE_PROTECTED',
      `the file ${shown} is ${word}, so no link can take the original's place. Next: chattr ${undo} ${shown}, as root`,
    ]);
    expect(await inspected(path, false)).not.toHaveProperty('protectedBy');
    run('sh', '-c', `chattr ${undo} ${shown}`); // as an administrator would paste it
    expect(await refusal(path)).toBeUndefined();
  });

  withChattr.each([
    ['+i', 'immutable'],
    ['+a', 'append-only'],
  ])('is an attribute of its directory: chattr %s', async (change, word) => {
    const path = scratch.write('a/b.tif');
    chattr(change, join(scratch.root, 'a'));
    expect(await refusal(path)).toEqual([
      'DIRECTORY_PROTECTED',
      expect.stringMatching(
        `^the directory '${scratch.root}/a' is ${word}, .* Next: chattr -[ia] '${scratch.root}/a', as root$`,
      ),
    ]);
  });

  withChattr('is no attribute of a directory farther up, nor of what a link leads to', async () => {
    const path = scratch.write('a/b/c.tif');
    scratch.write('d/e.tif');
    symlinkSync(join(scratch.root, 'd/e.tif'), join(scratch.root, 'a/b/link.tif'));
    chattr('+i', join(scratch.root, 'a'), join(scratch.root, 'd/e.tif'));
    expect(await refusal(path)).toBeUndefined();
    expect(await inspected(Buffer.from('a/b/link.tif'))).toMatchObject({ kind: 'link' });
    expect(protectedAgainstChange(Buffer.from(join(scratch.root, 'a/b/link.tif')))).toBeUndefined();
  });

  test('is a directory without write permission, but not for root', () => {
    const directory = join(scratch.root, 'closed');
    mkdirSync(directory);
    writeFileSync(join(directory, 'f'), '');
    chmodSync(directory, 0o555);
    const at = Buffer.from(join(directory, 'f'));
    if (!asRoot) return expect(protectedAgainstChange(at)).toMatchObject({ code: 'DIRECTORY_NOT_WRITABLE' });
    expect(protectedAgainstChange(at)).toBeUndefined();
    chmodSync(dirname(scratch.root), 0o755);
    chownSync(directory, 65_534, 65_534);
    process.seteuid!(65_534);
    try {
      expect(protectedAgainstChange(at)).toMatchObject({
        code: 'DIRECTORY_NOT_WRITABLE',
        message: `no link can be made in the directory '${directory}': it has no write permission. Next: chmod u+w '${directory}', as its owner`,
      });
      chmodSync(directory, 0o755);
      expect(protectedAgainstChange(at)).toBeUndefined();
    } finally {
      process.seteuid!(0);
    }
  });

  test.each([
    [Buffer.from('plain/ü.tif'), "'plain/ü.tif'"],
    [Buffer.from("it's $(date)"), "'it'\\''s $(date)'"],
    [Buffer.from('back\\slash\n'), "$'back\\x5cslash\\x0a'"],
    [Buffer.concat([Buffer.from("it's "), Buffer.of(0xff), Buffer.from('f')]), "$'it\\x27s \\xfff'"],
  ])('a path is quoted so that a shell reads it back: %s', (path, quoted) => {
    expect(quotedPath(path)).toBe(quoted);
    const printed = Buffer.from(run('bash', '-c', `printf %s ${quoted} | od -An -v -tx1`).replace(/\s/g, ''), 'hex');
    expect(printed).toEqual(path);
  });
});
