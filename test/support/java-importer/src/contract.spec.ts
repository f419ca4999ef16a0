import { existsSync } from 'node:fs';
import { Scene } from './testing/scene';

/** Where a line was read: files of OME, or pages of its documentation. */
const CLI = 'CommandLineImporter.java';
const LIBRARY = 'ImportLibrary.java';
const MONITOR = 'LoggingImportMonitor.java';
const CANDIDATES = 'ImportCandidates.java';
const TARGET = 'ModelImportTarget.java';
const ERRORS = 'ErrorHandler.java';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.make();
});
afterAll(() => scene.stop());
beforeEach(() => scene.fresh());

interface Line {
  readonly source: string;
  /** Sources: name and bytes. */
  readonly files?: Readonly<Record<string, string>>;
  /** An `@` at the start stands for the directory of the sources. */
  readonly words: readonly string[];
  readonly input?: string;
  readonly code: number;
  /** With N for each number, and `@` for the directory of the sources. */
  readonly stdout?: string;
  readonly stderr?: string;
  readonly made?: { readonly filesets: number; readonly images: number };
  /** Which sources stay; all if not given. */
  readonly stay?: readonly string[];
}

const TIF = { 'a.tif': 'a', 'b.tif': 'b' };
const TXT = { 'a.txt': 'x' };
const EMPTY = { 'a.tif': '' };
const BOTH = ['@a.tif', '@b.tif'];
const SERIES = { 'x&series=2.fake': '' };
const PLATE = { 'p&plates=1&plateRows=1&plateCols=2.fake': '' };
const [NONE, ONE, TWO] = [0, 1, 2].map((images) => ({ filesets: images, images }));
const LISTED =
  '#======================================\n# Group: @a.tif SPW: false Reader: loci.formats.in.TiffReader\n@a.tif\n';
const NO_EFFECT =
  '--parallel-fileset=2 --parallel-upload 2 --no-thumbnails --no-stats-info --no-upgrade-check --debug=ALL --keep-alive=60';

// prettier-ignore
const lines: Readonly<Record<string, Line>> = {
  'ids is the default: a line of images for each fileset': { source: MONITOR, files: TIF, words: BOTH, code: 0, stdout: 'Image:N\nImage:N\n', stderr: 'Other imported objects:\nFileset:', made: TWO },
  'images of a fileset are in one line': { source: MONITOR, files: SERIES, words: ['@x&series=2.fake'], code: 0, stdout: 'Image:N,N\n', made: { filesets: 1, images: 2 } },
  'a plate has its own line': { source: MONITOR, files: PLATE, words: ['@p&plates=1&plateRows=1&plateCols=2.fake'], code: 0, stdout: 'Plate:N\n', made: { filesets: 1, images: 2 } },
  'yaml has the fileset and its images': { source: MONITOR, files: SERIES, words: ['--output=yaml', '@x&series=2.fake'], code: 0, stdout: '---\n- Fileset: N\n  Image: [N,N]\n', stderr: 'Imported objects:' },
  'legacy has pixels': { source: MONITOR, files: SERIES, words: ['--output=legacy', '@x&series=2.fake'], code: 0, stdout: 'N\nN\n', stderr: 'Imported pixels:' },
  'the summary is on stderr': { source: MONITOR, files: TIF, words: BOTH, code: 0, stderr: '==> Summary\n2 files uploaded, 2 filesets created, 2 images imported, 0 errors in ' },
  'an output that there is not': { source: CLI, files: TIF, words: ['--output=xml', ...BOTH], code: 1, stdout: '', stderr: 'No enum constant', made: NONE },
  '-f lists filesets and needs no session': { source: CANDIDATES, files: TIF, words: ['-k', 'none', '-f', '@a.tif'], code: 0, stdout: LISTED, made: NONE },
  '-f without a fileset': { source: CLI, files: TXT, words: ['-f', '@a.txt'], code: 125, stdout: '' },
  '-f in YAML is left out, as its form is not known': { source: 'none', files: TIF, words: ['-f', '--output=yaml', '@a.tif'], code: 1, stdout: '', stderr: 'left out here' },
  'a directory is searched, but not names with a dot': { source: CANDIDATES, files: { 'd/a.tif': 'a', 'd/.b.tif': 'b' }, words: ['@d'], code: 0, made: ONE },
  'a directory is searched down to --depth': { source: CANDIDATES, files: { 'd/1/2/3/a.tif': 'a', 'd/1/2/3/4/b.tif': 'b' }, words: ['@d'], code: 0, made: ONE },
  '- reads paths from standard input': { source: CLI, files: TIF, words: ['-'], input: '@a.tif\n  \n@b.tif\n', code: 0, made: TWO },
  'options may follow paths': { source: 'gnu.getopt', files: TIF, words: ['@a.tif', '--output', 'yaml'], code: 0, stdout: '---\n- Fileset: N\n  Image: [N]\n' },
  'after -- all are paths': { source: 'gnu.getopt', files: TIF, words: ['--', '@a.tif', '--output'], code: 0, made: ONE },
  'an unknown option': { source: CLI, files: TIF, words: ['--no-such', '@a.tif'], code: 1, stderr: 'Usage:', made: NONE },
  'a name given twice': { source: CLI, files: TIF, words: ['-n', 'x', '--name=y', '@a.tif'], code: 1, stderr: 'Usage:', made: NONE },
  'no path': { source: CLI, words: [], code: 1, stderr: 'No imports found\n' },
  'an unknown format alone': { source: CLI, files: TXT, words: ['@a.txt'], code: 1, stdout: '', stderr: 'No imports found\n' },
  'an unknown format beside an image': { source: ERRORS, files: { ...TIF, ...TXT }, words: ['@a.txt', '@a.tif'], code: 0, made: ONE },
  'a path that there is not': { source: ERRORS, words: ['@none.tif'], code: 1, stderr: 'UNREADABLE_FILE' },
  'an empty file alone: success, and nothing imported': { source: CLI, files: EMPTY, words: ['@a.tif'], code: 0, stdout: '', stderr: 'No imports due to errors!\n', made: NONE },
  'no server': { source: CLI, files: TIF, words: ['-p', '1', '@a.tif'], code: 2, stderr: 'ConnectionRefusedException' },
  'an unknown session': { source: CLI, files: TIF, words: ['-k', 'none', '@a.tif'], code: 2, stderr: 'PermissionDeniedException', made: NONE },
  'a dataset by id that there is not': { source: LIBRARY, files: TIF, words: ['-d', '999', ...BOTH], code: 2, stdout: '', stderr: 'Error on import', made: NONE },
  'a screen by id that there is not': { source: LIBRARY, files: TIF, words: ['-r', '999', ...BOTH], code: 2, stderr: 'screen 999', made: NONE },
  'a dataset that there is not, with -c': { source: LIBRARY, files: TIF, words: ['-c', '-d', '999', ...BOTH], code: 0, stdout: '', stderr: 'Continuing after error', made: NONE },
  'a target that is no number': { source: CLI, files: TIF, words: ['-d', 'x', '@a.tif'], code: 1, stderr: 'NumberFormatException' },
  'a target by name is made': { source: TARGET, files: TIF, words: ['-T', 'Dataset:name:New', ...BOTH], code: 0, made: TWO },
  'an unknown checksum': { source: LIBRARY, files: TIF, words: ['--checksum-algorithm=SHA-9', '@a.tif'], code: 2, made: NONE },
  'upload_rm removes sources': { source: 'UploadRmFileTransfer.java', files: TIF, words: ['--transfer=upload_rm', ...BOTH], code: 0, made: TWO, stay: [] },
  'ln_rm removes sources': { source: 'MoveFileTransfer.java', files: TIF, words: ['--transfer=ln_rm', ...BOTH], code: 0, made: TWO, stay: [] },
  'an error keeps all sources': { source: 'MoveFileTransfer.java', files: { ...TIF, 'c.tif': '' }, words: ['--transfer=ln_rm', ...BOTH, '@c.tif'], code: 0, made: TWO },
  'a failed target is no error, and sources are removed': { source: `${LIBRARY}, ${CLI}`, files: TIF, words: ['--transfer=ln_rm', '-d', '999', ...BOTH], code: 2, made: NONE, stay: [] },
  'without waiting nothing is printed': { source: LIBRARY, files: TIF, words: ['--minutes-wait=0', '@a.tif'], code: 0, stdout: '', stderr: '0 images imported' },
  'options without effect here': { source: CLI, files: TIF, words: [...NO_EFFECT.split(' '), '@a.tif'], code: 0, made: ONE },
};

test.each(Object.entries(lines))('%s', async (_what, line) => {
  for (const [name, content] of Object.entries(line.files ?? {})) scene.file(name, content);
  const inbox = `${scene.path('.')}/`;
  const at = (text: string): string => text.replaceAll(/^@/gm, inbox);
  const ended = scene.import(line.words.map(at), line.input && at(line.input));
  const plain = (text: string): string => text.replaceAll(inbox, '@').replaceAll(/\b\d+\b/g, 'N');
  expect(ended).toMatchObject({ code: line.code, stderr: expect.stringContaining(line.stderr ?? '') });
  if (line.stdout !== undefined) expect(plain(ended.stdout)).toBe(line.stdout);
  if (line.made) expect(await scene.made()).toEqual(line.made);
  const names = Object.keys(line.files ?? {});
  expect(names.filter((name) => existsSync(scene.path(name)))).toEqual(line.stay ?? names);
});

test('a second import of the same file is left out by --exclude, without a line and with success', () => {
  const path = scene.file('once.tif');
  for (const rule of ['clientpath', 'filename']) {
    if (rule === 'clientpath') expect(scene.import([path]).stdout).toMatch(/^Image:\d+\n$/);
    const second = scene.import([`--exclude=${rule}`, path]);
    expect(second).toMatchObject({ code: 0, stdout: '' });
    expect(second.stderr).toContain('FILESET_EXCLUSION');
  }
});

test('java -version answers on stderr, and another class is not found', () => {
  expect(scene.java(['-version'])).toMatchObject({ code: 0, stdout: '' });
  expect(scene.java(['org.example.Other']).stderr).toContain('Could not find or load main class');
});
