import { execFile, spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createToken } from '@coldroom/operations';
import { RunningConsole } from '../testing/running-console';
import { brought } from '../testing/sample-requests';

const page = readFileSync(join(__dirname, '../../../../docs/api.md'), 'utf8');
const missing = ['bash', 'curl', 'jq'].filter((tool) => spawnSync(tool, ['--version']).error);
const examples = missing.length === 0 ? test : test.skip;
if (missing.length > 0)
  process.stderr.write(`SKIPPED: the examples of docs/api.md, as ${missing.join(' and ')} is not installed\n`);

examples('the examples of docs/api.md work as they are written', async () => {
  const running = await RunningConsole.start('api_documented');
  const directory = mkdtempSync(join(tmpdir(), 'coldroom-examples-'));
  try {
    const archived = await running.newRequest('image.tif', 2);
    await brought(running.register, archived, () => 'released');
    const request = await running.newRequest();
    const { secret } = await createToken(running.register, { name: 'reports', role: 'manager', days: 1, by: 'root' });
    writeFileSync(join(directory, 'token'), secret);
    const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block);
    const script = ['set -euo pipefail', ...blocks].join('\n');
    const { stdout, stderr } = await bash(
      script.replaceAll('https://facility.example.org', running.address),
      directory,
    );
    expect({ stderr, lines: stdout.trim().split('\n') }).toEqual({
      stderr: '',
      lines: ['["token:reports",["manager"]]', '["alice",2,"2147483648"]', 'Approved', 'under way', 'NO_SUCH_REQUEST'],
    });
    expect(await running.register.requests.get(request)).toMatchObject({ decidedBy: 'token:reports' });
  } finally {
    rmSync(directory, { recursive: true });
    await running.stop();
  }
});

async function bash(script: string, cwd: string): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile('bash', ['-c', script], { cwd, timeout: 30_000 }, (_error, stdout, stderr) => resolve({ stdout, stderr }));
  });
}

test('docs/api.md explains each code that only the API has', () => {
  const sources = globSync(['*.ts', '../layout/error.filter.tsx'], { cwd: __dirname })
    .filter((file) => !file.endsWith('.spec.ts'))
    .map((file) => readFileSync(join(__dirname, file), 'utf8'))
    .join('\n');
  const codes = [...sources.matchAll(/(?:code: |: |\d{3}, )'([A-Z][A-Z_]{4,})'/g)].map(([, code]) => code as string);
  expect(codes).toEqual(expect.arrayContaining(['IF_MATCH_MISSING', 'TOO_MANY_REQUESTS', 'TOO_LARGE']));
  for (const code of codes) expect(page).toContain(`\`${code}\``);
});
