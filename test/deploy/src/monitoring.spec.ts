import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { expressions, type Dashboard } from './expressions';
import { repository } from './run';

const monitoring = join(repository, 'deploy', 'monitoring');
const text = (...path: readonly string[]): string => readFileSync(join(repository, ...path), 'utf8');
const alerts = (
  parse(text('deploy', 'monitoring', 'alerts.yml')) as { groups: { rules: { alert: string; expr: string }[] }[] }
).groups.flatMap(({ rules }) => rules);
const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

test('docs/monitoring.md says what to do about each alert', () => {
  const documented = [...text('docs', 'monitoring.md').matchAll(/^\| `(Coldroom\w+)`/gm)].map(([, name]) => name);
  expect(documented).toEqual(alerts.map(({ alert }) => alert));
});

test('each metric that an alert or a dashboard uses is in docs/monitoring.md', () => {
  const documented = text('docs', 'monitoring.md');
  const used = new Set(
    [...alerts.map(({ expr }) => expr), ...expressions().map(({ expr }) => expr)].flatMap((expr) =>
      [...expr.matchAll(/\b(?:coldroom|bullmq)_\w+/g)].map(([name]) => name.replace(/_bucket$/, '')),
    ),
  );
  const known = (name: string): boolean =>
    documented.includes(`\`${name}`) || /^coldroom_(?:process|nodejs)_/.test(name);
  expect([...used].filter((name) => !known(name))).toEqual([]);
});

test.each(readdirSync(join(monitoring, 'dashboards')))('%s has panels with numbers of their own', (file) => {
  const { panels, uid, schemaVersion } = JSON.parse(text('deploy', 'monitoring', 'dashboards', file)) as Dashboard;
  expect([uid.startsWith('coldroom-'), schemaVersion]).toEqual([true, 39]);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const { title, gridPos, targets } of panels) {
    expect([title, gridPos.x + gridPos.w <= 24, targets.length > 0]).toEqual([title, true, true]);
    for (const { datasource } of targets) expect(datasource.uid).toBe('coldroom');
  }
});

if (!hasPromtool)
  process.stderr.write('SKIPPED: the alert rules; promtool is missing (Debian: apt-get install prometheus)\n');
(hasPromtool ? test : test.skip)('the alert rules are valid, and fire when they should', () => {
  for (const words of [
    ['check', 'config', '--syntax-only', 'prometheus.yml'],
    ['check', 'rules', 'alerts.yml'],
    ['test', 'rules', 'alerts.test.yml'],
  ]) {
    const { status, stdout, stderr } = spawnSync('promtool', words, { cwd: monitoring, encoding: 'utf8' });
    expect([words, status, stdout + stderr]).toEqual([words, 0, expect.anything()]);
  }
});

test('each alert has a test that sees it fire', () => {
  const tested = new Set(
    [...text('deploy', 'monitoring', 'alerts.test.yml').matchAll(/alertname: (\w+)\n\s+exp_alerts:\n/g)].map(
      ([, name]) => name,
    ),
  );
  expect(alerts.map(({ alert }) => alert).filter((alert) => !tested.has(alert))).toEqual([]);
});
