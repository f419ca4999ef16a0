import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { scriptNames, scripts } from './testing/script-scene';

const ruffVersion = '0.17.6';
const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) process.stderr.write('SKIPPED: checks of the OMERO scripts, as python3 is not there\n');

/** Installed once a machine from PyPI; undefined, with a message, where that is impossible. */
function ruff(): string | undefined {
  const place = join(homedir(), '.cache', 'coldroom-tests', `ruff-${ruffVersion}`);
  const program = join(place, 'bin', 'ruff');
  if (existsSync(program)) return program;
  const pip = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--target', place, `ruff==${ruffVersion}`];
  const { status, stderr } = spawnSync('python3', pip, { encoding: 'utf8', timeout: 120_000 });
  if (status === 0 && existsSync(program)) return program;
  process.stderr.write(`SKIPPED: ruff on the OMERO scripts, as it cannot be installed: ${stderr}\n`);
  return undefined;
}

/** Between these lines, scripts have the same text. */
const shared = /^# --- (The same in all .*) ---\n([^]*?)^# --- The end of the same. ---$/gm;

(hasPython ? describe : describe.skip)('the text of the OMERO scripts', () => {
  test('there are seven', () => {
    expect(scriptNames).toHaveLength(7);
  });

  test('compiles, also for Python 3.9, and imports nothing but Python and OMERO', () => {
    const program = `
import ast, py_compile, sys
for path in sys.argv[2:]:
    py_compile.compile(path, cfile=sys.argv[1], doraise=True)
    for node in ast.walk(ast.parse(open(path).read(), feature_version=(3, 9))):
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else [node.module] if isinstance(node, ast.ImportFrom) else []
        for name in names: print(name.split(".")[0])`;
    const dir = mkdtempSync(join(tmpdir(), 'coldroom-compiled-'));
    const paths = scriptNames.map((name) => join(scripts, name));
    const printed = execFileSync('python3', ['-c', program, join(dir, 'script.pyc'), ...paths], { encoding: 'utf8' });
    rmSync(dir, { recursive: true });
    expect(new Set(printed.trim().split('\n'))).toEqual(new Set(['collections', 'csv', 'omero', 'os', 'sys']));
  });

  test('has shared parts that are the same in all', () => {
    const parts = scriptNames.flatMap((name) =>
      [...readFileSync(join(scripts, name), 'utf8').matchAll(shared)].map(([, title, text]) => ({ title, text, name })),
    );
    const byTitle = Map.groupBy(parts, ({ title }) => title);
    expect([...byTitle.values()].map((each) => each.length)).toEqual([6, 5]);
    for (const [title, each] of byTitle)
      for (const { name, text } of each) expect([title, name, text]).toEqual([title, name, each[0]!.text]);
  });

  const program = hasPython ? ruff() : undefined;
  (program ? test : test.skip)('passes ruff, and is formatted by it', () => {
    for (const words of [['check'], ['format', '--check']]) {
      const { status, stdout } = spawnSync(program as string, [...words, '--no-cache', '.'], {
        cwd: scripts,
        encoding: 'utf8',
      });
      expect([stdout, status]).toEqual([expect.any(String), 0]);
    }
  });
});
