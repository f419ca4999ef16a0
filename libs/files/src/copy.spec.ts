import type { Identity, Outcome, Source, Work } from '@coldroom/domain';
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  ftruncateSync,
  writeFileSync,
  writeSync,
  closeSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Copied } from './copy';
import { Files } from './files';
import { identityOf } from './identity';
import { chunkBytes } from './pages';
import { markerName } from './roots';
import { asRoot, deadlineIn, makeScratch, run, work, type Scratch } from './testing/scratch';
import { copyInSeparateProcess } from './testing/separate-process';

let scratch: Scratch;
let files: Files;
beforeAll(() => {
  files = new Files({ threads: 2 });
});
afterAll(() => files.close());
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => scratch.remove());

const prefix = '.open/bag-1/data';
const identity = (path: Buffer): Identity =>
  identityOf(lstatSync(Buffer.concat([Buffer.from(`${scratch.root}/`), path]), { bigint: true }));
const source = (path: Buffer, as: Buffer = path): Source => ({
  root: scratch.root,
  path,
  copyPath: as,
  identity: identity(path),
});
const copyOf = (path: string): string => join(scratch.store, prefix, path);
const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

function copy(
  sources: readonly Source[],
  bounds: Work = work(),
  into = scratch.store,
): Promise<readonly Outcome<Copied>[]> {
  return files.copy(sources, { root: into, prefix: Buffer.from(prefix) }, bounds);
}

async function codeOf(sources: readonly Source[]): Promise<string[]> {
  return (await copy(sources)).map((outcome) => ('ok' in outcome ? 'ok' : outcome.error.code));
}

function listed(directory = scratch.store): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
}

describe('a copy', () => {
  it.each([0, 1, 75_000, chunkBytes, 2 * chunkBytes, 3 * chunkBytes + 17])(
    'has the content of %i bytes',
    async (size) => {
      const path = scratch.write('user_2/2024-01/file', randomBytes(size));
      expect(await copy([source(path)])).toEqual([{ ok: { size: BigInt(size) } }]);
      expect(sha256(copyOf('user_2/2024-01/file'))).toBe(sha256(join(scratch.root, 'user_2/2024-01/file')));
      expect(statSync(copyOf('user_2/2024-01/file')).size).toBe(size);
    },
  );

  it('keeps mtime to the nanosecond, also before 1970, and loses its write and set-id bits', async () => {
    const times = ['2001-02-03 04:05:06.123456789', '1965-01-01 00:00:00.000000001', '2038-02-01 00:00:00.999999999'];
    const paths = times.map((time, at) => {
      const path = scratch.write(`file ${at}`);
      run('touch', '-d', `${time}Z`, join(scratch.root, path.toString()));
      chmodSync(join(scratch.root, path.toString()), [0o6775, 0o640, 0o600][at]!);
      return path;
    });
    expect(await codeOf(paths.map((path) => source(path)))).toEqual(['ok', 'ok', 'ok']);
    for (const [at, path] of paths.entries()) {
      const kept = statSync(copyOf(path.toString()), { bigint: true });
      expect(kept.mtimeNs).toBe(identity(path).mtimeNs);
      expect(Number(kept.mode) & 0o7777).toBe([0o555, 0o440, 0o400][at]);
    }
  });

  it('keeps its extended attributes', async () => {
    const path = scratch.write('file');
    run(
      'python3',
      '-c',
      `import os; os.setxattr('${scratch.root}/file', 'user.note', b'\\xff\\x00binary'); os.setxattr('${scratch.root}/file', 'user.empty', b'')`,
    );
    expect(await codeOf([source(path)])).toEqual(['ok']);
    expect(
      run(
        'python3',
        '-c',
        `import os; print([(n, os.getxattr('${copyOf('file')}', n)) for n in sorted(os.listxattr('${copyOf('file')}'))])`,
      ).trim(),
    ).toBe("[('user.empty', b''), ('user.note', b'\\xff\\x00binary')]");
  });

  (asRoot ? it : it.skip)('keeps its owner (needs root, to give files away)', async () => {
    const path = scratch.write('file');
    chownSync(join(scratch.root, 'file'), 1234, 2345);
    expect(await codeOf([source(path)])).toEqual(['ok']);
    expect(statSync(copyOf('file'))).toMatchObject({ uid: 1234, gid: 2345 });
  });

  (asRoot ? it : it.skip)(
    'is refused where its owner cannot be kept (needs root, to become another user)',
    async () => {
      scratch.write('theirs');
      scratch.write('ours');
      chownSync(join(scratch.root, 'ours'), 65534, 65534);
      chownSync(scratch.store, 65534, 65534);
      chmodSync(join(scratch.root, '..'), 0o755);
      const { answer } = copyInSeparateProcess({ scratch, paths: ['theirs', 'ours'], prefix, uid: 65534 });
      expect(answer).toBe('OWNER_NOT_KEPT,ok');
      expect(readdirSync(join(scratch.store, prefix))).toEqual(['ours']);
    },
  );

  (asRoot ? it : it.skip)(
    'is refused where an extended attribute cannot be kept (needs root, to mount a ramfs, which knows none)',
    async () => {
      const [path, plain] = [scratch.write('file'), scratch.write('plain')];
      run('python3', '-c', `import os; os.setxattr('${scratch.root}/file', 'user.note', b'x' * 3000)`);
      const mount = join(scratch.store, 'mount');
      mkdirSync(mount);
      run('mount', '-t', 'ramfs', 'none', mount);
      try {
        writeFileSync(join(mount, markerName), readFileSync(join(scratch.store, markerName)));
        expect(await copy([source(path), source(plain)], work(), mount)).toEqual([
          {
            error: expect.objectContaining({
              code: 'XATTR_NOT_KEPT',
              kind: 'refused',
              details: { path: 'file', attribute: 'user.note' },
            }),
          },
          { ok: { size: 7n } },
        ]);
        expect(readdirSync(join(mount, prefix))).toEqual(['plain']);
      } finally {
        run('umount', mount);
      }
    },
  );

  it('of a sparse file is sparse, with the same content', async () => {
    const fd = openSync(join(scratch.root, 'sparse'), 'w');
    writeSync(fd, 'start', 0);
    writeSync(fd, 'middle', 22 * 1024 * 1024 + 12345);
    writeSync(fd, 'later', 23 * 1024 * 1024 + 54321);
    ftruncateSync(fd, 40 * 1024 * 1024 + 7);
    closeSync(fd);
    expect(await codeOf([source(Buffer.from('sparse'))])).toEqual(['ok']);
    const kept = statSync(copyOf('sparse'));
    expect(kept.size).toBe(40 * 1024 * 1024 + 7);
    expect(kept.blocks * 512).toBeLessThan(512 * 1024);
    expect(sha256(copyOf('sparse'))).toBe(sha256(join(scratch.root, 'sparse')));
  });

  it('of a file full of zeros that is not sparse is whole', async () => {
    const path = scratch.write('zeros', Buffer.alloc(1024 * 1024));
    run('sync', join(scratch.root, 'zeros')); // its blocks are allocated only now
    expect(await codeOf([source(path)])).toEqual(['ok']);
    expect(statSync(copyOf('zeros')).blocks * 512).toBeGreaterThanOrEqual(1024 * 1024);
  });

  it('may have a name of any bytes', async () => {
    const odd = [
      Buffer.from('new\nline'),
      Buffer.from('-rf'),
      Buffer.from('x'.repeat(255)),
      Buffer.from([0xff, 0xfe, 0x20]),
      Buffer.from(' '),
      Buffer.from('back\\slash'),
    ];
    for (const name of odd) writeFileSync(Buffer.concat([Buffer.from(`${scratch.root}/`), name]), name);
    expect(await codeOf(odd.map((path) => source(path)))).toEqual(odd.map(() => 'ok'));
    for (const name of odd)
      expect(readFileSync(Buffer.concat([Buffer.from(`${scratch.store}/${prefix}/`), name]))).toEqual(name);
  });

  it('is whole for many files in many directories', async () => {
    const paths = Array.from({ length: 600 }, (_, at) => scratch.write(`${at % 90}/d/${at}`, `content ${at}`));
    expect(new Set(await codeOf(paths.map((path) => source(path))))).toEqual(new Set(['ok']));
    for (const [at, path] of paths.entries())
      expect(readFileSync(copyOf(path.toString()), 'utf8')).toBe(`content ${at}`);
  });
});

describe('a source', () => {
  it('that is not the hashed file is refused alone, and leaves nothing behind', async () => {
    const paths = ['good', 'changed', 'gone', 'link', 'other'].map((name) => scratch.write(name));
    const sources = paths.map((path) => source(path));
    appendFileSync(join(scratch.root, 'changed'), 'more');
    rmSync(join(scratch.root, 'gone'));
    rmSync(join(scratch.root, 'link'));
    symlinkSync('good', join(scratch.root, 'link'));
    expect(await codeOf(sources)).toEqual(['ok', 'SOURCE_CHANGED', 'SOURCE_MISSING', 'NOT_A_REGULAR_FILE', 'ok']);
    expect(readdirSync(join(scratch.store, prefix)).sort()).toEqual(['good', 'other']);
  });

  it('that changes while it is copied is refused, and its copy is removed', async () => {
    const path = scratch.write('big', randomBytes(60 * chunkBytes));
    const stop = once('big', () => appendFileSync(join(scratch.root, 'big'), 'more'));
    const outcomes = await copy([source(path)], work());
    stop();
    expect(outcomes).toEqual([{ error: expect.objectContaining({ code: 'SOURCE_CHANGED' }) }]);
    expect(readdirSync(join(scratch.store, prefix))).toEqual([]);
  });

  it('whose root is unavailable stops the whole call', async () => {
    const path = scratch.write('file');
    const wanted = source(path);
    rmSync(join(scratch.root, markerName));
    await expect(copy([wanted])).rejects.toMatchObject({ code: 'ROOT_UNAVAILABLE', details: { root: scratch.root } });
  });
});

describe('the target', () => {
  it('is rewritten where an earlier attempt left something', async () => {
    const path = scratch.write('a/file', 'right');
    mkdirSync(join(scratch.store, prefix, 'a'), { recursive: true });
    writeFileSync(copyOf('a/file'), 'left over and longer');
    const { ino } = statSync(copyOf('a/file'));
    const keeper = openSync(copyOf('a/file'), 'r');
    expect(await codeOf([source(path)])).toEqual(['ok']);
    closeSync(keeper);
    expect(readFileSync(copyOf('a/file'), 'utf8')).toBe('right');
    expect(statSync(copyOf('a/file')).ino).not.toBe(ino);
  });

  it('is never followed or replaced where it is not ours', async () => {
    const paths = ['link', 'directory', 'below/file'].map((name) => scratch.write(name, 'right'));
    mkdirSync(join(scratch.store, prefix, 'directory'), { recursive: true });
    writeFileSync(join(scratch.store, 'victim'), 'victim');
    symlinkSync(join(scratch.store, 'victim'), copyOf('link'));
    mkdirSync(join(scratch.store, 'elsewhere'));
    symlinkSync(join(scratch.store, 'elsewhere'), copyOf('below'));
    expect(await codeOf(paths.map((path) => source(path)))).toEqual([
      'TARGET_EXISTS',
      'TARGET_EXISTS',
      'PARENT_NOT_A_DIRECTORY',
    ]);
    expect(readFileSync(join(scratch.store, 'victim'), 'utf8')).toBe('victim');
    expect(readdirSync(join(scratch.store, 'elsewhere'))).toEqual([]);
  });

  it('does not take two sources under one name', async () => {
    const [one, other] = [scratch.write('one'), scratch.write('other', 'different')];
    expect(await codeOf([source(one), source(other, one)])).toEqual(['ok', 'NAMES_COLLIDE']);
    expect(readFileSync(copyOf('one'), 'utf8')).toBe('content');
  });

  it('cannot be outside its root', async () => {
    const path = scratch.write('file');
    expect(await codeOf([source(path, Buffer.from('../../../escaped')), source(path, Buffer.from('a//b'))])).toEqual([
      'PATH_NOT_ALLOWED',
      'PATH_NOT_ALLOWED',
    ]);
    expect(listed()).toEqual([markerName]);
  });

  it('that is unavailable stops the whole call', async () => {
    const path = scratch.write('file');
    rmSync(join(scratch.store, markerName));
    await expect(copy([source(path)])).rejects.toMatchObject({
      code: 'ROOT_UNAVAILABLE',
      details: { root: scratch.store },
    });
    expect(listed()).toEqual([]);
  });

  it('has directories others can enter, whatever the umask, and reopens those of a broken seal', async () => {
    const path = scratch.write('a/b/file');
    const before = process.umask(0o077);
    try {
      await codeOf([source(path)]);
    } finally {
      process.umask(before);
    }
    for (const directory of ['.open', '.open/bag-1', prefix, `${prefix}/a/b`])
      expect(statSync(join(scratch.store, directory)).mode & 0o777).toBe(0o755);
    chmodSync(copyOf('a/b'), 0o555);
    expect(await codeOf([source(path)])).toEqual(['ok']);
    expect(statSync(copyOf('a/b')).mode & 0o777).toBe(0o755);
  });
});

describe('a lost claim', () => {
  it('changes nothing from the start', async () => {
    const path = scratch.write('file');
    await expect(copy([source(path)], work({ deadline: deadlineIn(-1) }))).rejects.toMatchObject({
      code: 'CLAIM_LOST',
      kind: 'transient',
    });
    expect(listed()).toEqual([markerName]);
  });

  it('stops in the middle, and does not even clean up', async () => {
    const small = scratch.write('small');
    const big = scratch.write('big', randomBytes(60 * chunkBytes));
    const deadline = deadlineIn(3_600_000);
    const stop = once('big', () => Atomics.store(deadline, 0, 0n));
    await expect(copy([source(small), source(big)], work({ deadline }))).rejects.toMatchObject({ code: 'CLAIM_LOST' });
    stop();
    expect(existsSync(copyOf('small'))).toBe(true);
    expect(statSync(copyOf('big')).size).toBeLessThan(60 * chunkBytes);
  });

  it('stops a process that was frozen past its lease', async () => {
    const content = randomBytes(10 * chunkBytes);
    const paths = Array.from({ length: 12 }, (_, at) => scratch.write(`big${at}`, content).toString());
    const wake = `sleep 1; ls ${join(scratch.store, prefix)} > ${scratch.store}/frozen; kill -CONT $PPID`;
    const { answer } = copyInSeparateProcess({
      scratch,
      paths,
      prefix,
      meanwhile: `
      const timer = setInterval(() => {
        if (!require('node:fs').existsSync(${JSON.stringify(copyOf('big0'))})) return;
        clearInterval(timer);
        deadline[0] = process.hrtime.bigint() + 500000000n;
        require('node:child_process').spawn('sh', ['-c', ${JSON.stringify(`kill -STOP $PPID; ${wake}`)}]);
      }, 5);`,
    });
    expect(answer).toBe('CLAIM_LOST');
    const frozen = readFileSync(join(scratch.store, 'frozen'), 'utf8').trim().split('\n');
    expect(frozen).toContain('big0');
    expect(frozen.length).toBeLessThan(12);
    expect(readdirSync(join(scratch.store, prefix)).sort()).toEqual(frozen.sort());
  });
});

describe('a store that fails', () => {
  const mounted = asRoot ? it : it.skip;

  async function onMount(options: string, act: (mount: string) => Promise<void>): Promise<void> {
    const mount = join(scratch.store, 'mount');
    mkdirSync(mount);
    run('mount', '-t', 'tmpfs', '-o', options, 'none', mount);
    try {
      writeFileSync(join(mount, markerName), readFileSync(join(scratch.store, markerName)));
      await act(mount);
    } finally {
      run('umount', mount);
    }
  }

  mounted('because it is full takes nothing, and is as free as before (needs root, to mount a small one)', async () => {
    await onMount('size=2m', async (mount) => {
      const paths = [
        scratch.write('a', randomBytes(500_000)),
        scratch.write('b', randomBytes(3_000_000)),
        scratch.write('c'),
      ];
      await expect(
        copy(
          paths.map((path) => source(path)),
          work(),
          mount,
        ),
      ).rejects.toMatchObject({ code: 'STORE_FULL', kind: 'transient' });
      expect(readdirSync(join(mount, prefix))).toEqual([]);
      expect(await files.copy([source(paths[0]!)], { root: mount, prefix: Buffer.from(prefix) }, work())).toEqual([
        { ok: { size: 500_000n } },
      ]);
    });
  });

  mounted('because it has no room for names says so too (needs root, to mount a small one)', async () => {
    await onMount('size=2m,nr_inodes=10', async (mount) => {
      const paths = Array.from({ length: 20 }, (_, at) => scratch.write(`${at}`));
      await expect(
        copy(
          paths.map((path) => source(path)),
          work(),
          mount,
        ),
      ).rejects.toMatchObject({ code: 'STORE_FULL' });
    });
  });

  mounted('because it is read-only says so (needs root, to mount one)', async () => {
    await onMount('size=2m', async (mount) => {
      run('mount', '-o', 'remount,ro', mount);
      await expect(copy([source(scratch.write('a'))], work(), mount)).rejects.toMatchObject({
        code: 'STORE_READ_ONLY',
      });
    });
  });

  (asRoot ? it.skip : it)('because it is closed to us says so (not as root, who may enter everywhere)', async () => {
    chmodSync(scratch.store, 0o555);
    await expect(copy([source(scratch.write('a'))])).rejects.toMatchObject({ code: 'STORE_DENIED', kind: 'transient' });
  });
});

describe('a crash', () => {
  it.each(['copy:1-directory-made', 'copy:2-partly-written', 'copy:3-written:2', 'copy:4-synced'])(
    'at %s is repaired by repeating the call',
    async (crashAt) => {
      const paths = [scratch.write('a/one', randomBytes(100_000)), scratch.write('a/two', randomBytes(3 * chunkBytes))];
      expect(copyInSeparateProcess({ scratch, paths: ['a/one', 'a/two'], prefix, crashAt }).signal).toBe('SIGKILL');
      expect(await codeOf(paths.map((path) => source(path)))).toEqual(['ok', 'ok']);
      for (const name of ['a/one', 'a/two']) expect(sha256(copyOf(name))).toBe(sha256(join(scratch.root, name)));
    },
  );
});

/**
 * Acts once the copy of this name has begun; a copy of 240 MB takes a while from then on. Returns what ends the
 * waiting.
 */
function once(name: string, act: () => unknown): () => void {
  const timer = setInterval(() => {
    if (!existsSync(copyOf(name))) return;
    clearInterval(timer);
    act();
  }, 1);
  return () => clearInterval(timer);
}
