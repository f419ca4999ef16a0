import type { DigestAlgorithm, Outcome } from '@coldroom/domain';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Files } from './files';
import type { Hashed } from './hash';
import { identityOf } from './identity';
import { addressOf } from './native';
import { alignment, chunkBytes, pageBuffers } from './pages';
import { markerName } from './roots';
import { asRoot, deadlineIn, makeScratch, run, work, type Scratch } from './testing/scratch';

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

const loopDevices = (): boolean => existsSync('/dev/loop-control');
const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');
const coded = (code: string): unknown => expect.objectContaining({ code });
const identity = (path: string): ReturnType<typeof identityOf> =>
  identityOf(lstatSync(join(scratch.root, path), { bigint: true }));

function hash(
  paths: readonly (string | Buffer)[],
  direct = true,
  algorithms: readonly DigestAlgorithm[] = ['SHA-256'],
): Promise<readonly Outcome<Hashed>[]> {
  return files.hash(
    paths.map((path) => ({ root: scratch.root, path: Buffer.from(path as string), algorithms })),
    { direct },
    work(),
  );
}

const codes = (outcomes: readonly Outcome<Hashed>[]): string[] =>
  outcomes.map((outcome) => ('ok' in outcome ? outcome.ok.read : outcome.error.code));

describe('inspect', () => {
  it('reports what is at each path, and follows nothing', async () => {
    scratch.write('a/file', '12345');
    symlinkSync('file', join(scratch.root, 'a/link'));
    symlinkSync('none', join(scratch.root, 'a/dangling'));
    symlinkSync('loop', join(scratch.root, 'a/loop'));
    symlinkSync('a', join(scratch.root, 'b'));
    run('mkfifo', join(scratch.root, 'a/fifo'));
    const paths = [
      'a/file',
      'a/link',
      'a/dangling',
      'a/loop',
      'a',
      'a/fifo',
      'a/none',
      'none/none',
      'b/file',
      'a/file/below',
      '../root/a/file',
      '/etc/passwd',
    ];
    const found = await files.inspect(paths.map((path) => ({ root: scratch.root, path: Buffer.from(path) })));
    expect(found.map((each) => (each.kind === 'refused' ? each.error.code : each.kind))).toEqual([
      'file',
      'link',
      'link',
      'link',
      'directory',
      'other',
      'missing',
      'missing',
      'PARENT_NOT_A_DIRECTORY',
      'PARENT_NOT_A_DIRECTORY',
      'PATH_NOT_ALLOWED',
      'PATH_NOT_ALLOWED',
    ]);
    expect(found[0]).toMatchObject({
      identity: identity('a/file'),
      blocks: lstatSync(join(scratch.root, 'a/file'), { bigint: true }).blocks,
    });
  });

  it('does not take an unmounted root for an empty one', async () => {
    rmSync(join(scratch.root, markerName));
    await expect(files.inspect([{ root: scratch.root, path: Buffer.from('x') }])).rejects.toEqual(
      expect.objectContaining({
        code: 'ROOT_UNAVAILABLE',
        kind: 'transient',
        details: { root: scratch.root },
      }),
    );
  });

  it('stays correct over more directories than it keeps open', async () => {
    const paths = Array.from({ length: 200 }, (_, at) => scratch.write(`${at % 100}/below/${at}`, 'x'.repeat(at)));
    const found = await files.inspect(paths.map((path) => ({ root: scratch.root, path })));
    expect(found.map((each) => (each.kind === 'file' ? Number(each.identity.size) : each.kind))).toEqual(
      paths.map((_, at) => at),
    );
  });

  (asRoot ? it.skip : it)(
    'says that it was denied, not that nothing is there (not as root, who is never denied)',
    async () => {
      scratch.write('closed/file');
      run('chmod', '000', join(scratch.root, 'closed'));
      const [found] = await files.inspect([{ root: scratch.root, path: Buffer.from('closed/file') }]);
      run('chmod', '755', join(scratch.root, 'closed'));
      expect(found).toMatchObject({ kind: 'refused', error: { code: 'ACCESS_DENIED' } });
    },
  );
});

describe('hash', () => {
  it.each([
    0,
    1,
    alignment - 1,
    alignment,
    alignment + 1,
    chunkBytes - 1,
    chunkBytes,
    chunkBytes + 1,
    3 * chunkBytes,
    2 * chunkBytes + 4097,
  ])('reads %i bytes correctly, directly and cached', async (size) => {
    const content = randomBytes(size);
    scratch.write('file', content);
    for (const direct of [true, false]) {
      const [outcome] = await hash(['file'], direct, ['SHA-256', 'File-Size-64', 'Murmur3-32']);
      expect(outcome).toMatchObject({
        ok: { digests: { 'SHA-256': sha256(content) }, identity: identity('file'), read: direct ? 'direct' : 'cached' },
      });
    }
  });

  it('reads into page-aligned memory', () => {
    for (const buffer of pageBuffers()) expect(addressOf(buffer) % BigInt(alignment)).toBe(0n);
  });

  it('keeps the order of many files', async () => {
    const paths = Array.from({ length: 300 }, (_, at) => scratch.write(`d${at % 7}/${at}`, `content ${at}`));
    const outcomes = await hash(paths);
    expect(outcomes.map((outcome) => 'ok' in outcome && outcome.ok.digests['SHA-256'])).toEqual(
      paths.map((_, at) => sha256(`content ${at}`)),
    );
  });

  it('reads names of any bytes', async () => {
    const odd = [
      Buffer.from('new\nline'),
      Buffer.from('-rf'),
      Buffer.from('x'.repeat(255)),
      Buffer.from([0xff, 0xfe, 0x20]),
      Buffer.from(' '),
    ];
    for (const name of odd) writeFileSync(Buffer.concat([Buffer.from(`${scratch.root}/`), name]), name);
    const outcomes = await files.hash(
      odd.map((path) => ({ root: scratch.root, path, algorithms: ['SHA-256'] })),
      { direct: true },
      work(),
    );
    expect(outcomes.map((outcome) => 'ok' in outcome && outcome.ok.digests['SHA-256'])).toEqual(odd.map(sha256));
  });

  it('reads regular files only, and never blocks on others', async () => {
    scratch.write('file');
    mkdirSync(join(scratch.root, 'directory'));
    symlinkSync('file', join(scratch.root, 'link'));
    symlinkSync('/dev/zero', join(scratch.root, 'device'));
    symlinkSync('loop', join(scratch.root, 'loop'));
    run('mkfifo', join(scratch.root, 'fifo'));
    expect(codes(await hash(['directory', 'link', 'device', 'loop', 'fifo', 'none', 'file']))).toEqual([
      ...Array<string>(5).fill('NOT_A_REGULAR_FILE'),
      'SOURCE_MISSING',
      'direct',
    ]);
  });

  it('does not even open a FIFO, which would wake its writer', async () => {
    const fifo = join(scratch.root, 'fifo');
    run('mkfifo', fifo);
    const writer = spawn('sh', ['-c', 'echo due_now > "$0"', fifo]);
    const ended = new Promise((resolve) => writer.on('exit', resolve));
    for (let round = 0; round < 10; round++) {
      expect(codes(await hash(['fifo']))).toEqual(['NOT_A_REGULAR_FILE']);
      await setTimeout(20);
    }
    expect(writer.exitCode).toBeNull();
    writer.kill('SIGKILL');
    await ended;
  });

  (asRoot ? it : it.skip)('reads no device (needs root, to make one)', async () => {
    run('mknod', join(scratch.root, 'zero'), 'c', '1', '5');
    expect(codes(await hash(['zero']))).toEqual(['NOT_A_REGULAR_FILE']);
  });

  it("does not follow a link that took a parent's place", async () => {
    scratch.write('a/file', 'right');
    mkdirSync(join(scratch.store, 'a'));
    writeFileSync(join(scratch.store, 'a/file'), 'wrong');
    renameSync(join(scratch.root, 'a'), join(scratch.root, 'moved'));
    symlinkSync(join(scratch.store, 'a'), join(scratch.root, 'a'));
    expect(codes(await hash(['a/file']))).toEqual(['PARENT_NOT_A_DIRECTORY']);
  });

  it.each<[string, (path: string) => void]>([
    ['grew', (path) => appendFileSync(path, 'x')],
    ['was cut', (path) => truncateSync(path, 100)],
    ['was rewritten in place', (path) => writeFileSync(path, 'y'.repeat(1000))],
    [
      'was replaced',
      (path) => {
        writeFileSync(`${path}.new`, 'x'.repeat(1000));
        renameSync(`${path}.new`, path);
      },
    ],
    ['was touched', (path) => utimesSync(path, 1, 1)],
    ['got another link', (path) => linkSync(path, `${path}.link`)],
  ])('refuses a file that %s since it was inspected', async (_, change) => {
    scratch.write('file', 'x'.repeat(1000));
    const expected = identity('file');
    const source = {
      root: scratch.root,
      path: Buffer.from('file'),
      algorithms: ['SHA-256' as const],
      expect: expected,
    };
    expect(codes(await files.hash([source], { direct: true }, work()))).toEqual(['direct']);
    change(join(scratch.root, 'file'));
    expect(codes(await files.hash([source], { direct: true }, work()))).toEqual(['SOURCE_CHANGED']);
  });

  it.each(['append', 'rewrite', 'truncate'])('refuses a file that is written to while it is read (%s)', async (how) => {
    const path = join(scratch.root, scratch.write('file', randomBytes(40 * chunkBytes)).toString());
    let changed = false;
    const outcomes = await files.hash(
      [{ root: scratch.root, path: Buffer.from('file'), algorithms: ['SHA-256', 'MD5-128', 'Murmur3-128'] }],
      { direct: true },
      work({
        progress: () => {
          if (changed) return;
          changed = true;
          if (how === 'append') appendFileSync(path, 'more');
          else if (how === 'truncate') truncateSync(path, 39 * chunkBytes);
          else run('dd', 'if=/dev/zero', `of=${path}`, 'bs=1', 'count=1', 'conv=notrunc');
        },
      }),
    );
    expect(changed).toBe(true);
    expect(codes(outcomes)).toEqual(['SOURCE_CHANGED']);
  });

  it('counts all bytes as progress', async () => {
    scratch.write('file', randomBytes(3 * chunkBytes + 5));
    scratch.write('other', 'abc');
    let bytes = 0;
    await files.hash(
      ['file', 'other'].map((path) => ({ root: scratch.root, path: Buffer.from(path), algorithms: [] })),
      { direct: true },
      work({
        progress: (more) => {
          bytes += more;
        },
      }),
    );
    expect(bytes).toBe(3 * chunkBytes + 8);
  });

  it('stops when its claim has run out, and when it is asked to stop', async () => {
    scratch.write('file', randomBytes(20 * chunkBytes));
    const source = { root: scratch.root, path: Buffer.from('file'), algorithms: ['MD5-128' as const] };
    await expect(files.hash([source], { direct: true }, work({ deadline: deadlineIn(-1) }))).rejects.toEqual(
      expect.objectContaining({ code: 'CLAIM_LOST', kind: 'transient' }),
    );
    const controller = new AbortController();
    const slow = { ...source, algorithms: ['MD5-128' as const, 'Murmur3-128' as const] };
    const stopped = files.hash(
      Array(20).fill(slow),
      { direct: true },
      work({ signal: controller.signal, progress: () => controller.abort() }),
    );
    await expect(stopped).rejects.toEqual(coded('CLAIM_LOST'));
    await expect(files.hash([source], { direct: true }, work({ signal: AbortSignal.abort() }))).rejects.toEqual(
      coded('CLAIM_LOST'),
    );
    expect(codes(await hash(['file']))).toEqual(['direct']); // the thread was replaced
  });

  it('requires the deadline in shared memory', async () => {
    await expect(files.hash([], { direct: true }, work({ deadline: new BigInt64Array(1) }))).rejects.toThrow(TypeError);
  });

  (asRoot ? it : it.skip)('calls what comes from memory cached (needs root, to mount a tmpfs)', async () => {
    const mount = join(scratch.root, 'memory');
    mkdirSync(mount);
    run('mount', '-t', 'tmpfs', 'none', mount);
    try {
      scratch.write('memory/file');
      expect(codes(await hash(['memory/file']))).toEqual(['cached']);
    } finally {
      run('umount', mount);
    }
  });

  (asRoot ? it : it.skip)(
    'drops the cache where it cannot read directly (needs root, to mount an overlay without O_DIRECT)',
    async () => {
      const content = randomBytes(2 * chunkBytes + 5);
      const [lower, second, mount] = [
        join(scratch.store, 'lower'),
        join(scratch.store, 'second'),
        join(scratch.root, 'overlay'),
      ];
      for (const directory of [lower, second, mount]) mkdirSync(directory);
      run('mount', '-t', 'ramfs', 'none', lower);
      writeFileSync(join(lower, 'file'), content);
      try {
        run('mount', '-t', 'overlay', '-o', `lowerdir=${lower}:${second}`, 'none', mount);
        try {
          expect(await hash(['overlay/file'])).toMatchObject([
            { ok: { read: 'dropped', digests: { 'SHA-256': sha256(content) } } },
          ]);
        } finally {
          run('umount', mount);
        }
      } finally {
        run('umount', lower);
      }
    },
  );

  (asRoot && loopDevices() ? it : it.skip)(
    'directly sees what the disk holds, whatever the cache says (needs root and a loop device)',
    async () => {
      const [image, mount] = [join(scratch.store, 'image'), join(scratch.root, 'disk')];
      mkdirSync(mount);
      run('truncate', '-s', '16M', image);
      run('mkfs.ext4', '-q', image);
      run('mount', '-o', 'loop', image, mount);
      try {
        scratch.write('disk/file', Buffer.alloc(100_000, 'needle'));
        run('sync', join(mount, 'file'));
        const [before] = await hash(['disk/file'], false);
        const disk = readFileSync(image);
        const rotten = openSync(image, 'r+');
        writeSync(rotten, 'N', disk.indexOf('needleneedle'));
        closeSync(rotten);
        const digestOf = (outcome: Outcome<Hashed> | undefined): string | undefined =>
          outcome && 'ok' in outcome ? outcome.ok.digests['SHA-256'] : undefined;
        expect(digestOf((await hash(['disk/file'], false))[0])).toBe(digestOf(before));
        const [direct] = await hash(['disk/file'], true);
        expect(direct).toMatchObject({ ok: { read: 'direct' } });
        expect(digestOf(direct)).not.toBe(digestOf(before));
      } finally {
        run('umount', mount);
      }
    },
  );

  it('does not take an unmounted root for missing files', async () => {
    rmSync(join(scratch.root, markerName));
    await expect(hash(['x'])).rejects.toEqual(coded('ROOT_UNAVAILABLE'));
  });
});
