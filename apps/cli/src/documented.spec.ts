import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..', '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const sources = globSync('{apps,libs}/*/src/**/*.ts', { cwd: root })
  .filter((path) => !/\.spec\.ts$|\/testing\//.test(path))
  .map(read)
  .join('\n');
const guide = globSync('docs/*.md', { cwd: root }).map(read).join('\n');

function found(pattern: RegExp): readonly string[] {
  return [...new Set([...sources.matchAll(pattern)].map((match) => match[1] as string))]
    .filter((code) => !isOfTheSystem(code))
    .sort();
}

/** `EFBIG` and the like, which the guide explains as a group. */
function isOfTheSystem(code: string): boolean {
  return /^E[A-Z0-9]{3,}$/.test(code);
}

const thrown = found(/new (?:Refused|Transient|NotYet)\(\s*'([A-Z][A-Z_]+)'/g);

describe('the pages in docs', () => {
  it.each(thrown)('explains the code %s', (code) => expect(guide).toContain(`\`${code}\``));
  it.each(found(/\b(?:code: |skip\(|because\()'([A-Z][A-Z_]+)'/g))('explains the reason %s', (code) =>
    expect(guide).toContain(`\`${code}\``),
  );
  it.each(
    found(
      /^\s+(?:\S+: z\.object\(\{ )?((?:COLDROOM|OMERO|REGISTER|REDIS|METRICS|LOG|CONSOLE|PROXY|SMTP|MAIL|BACKUP)_[A-Z_]+): /gm,
    ),
  )('explains the setting %s', (key) => expect(guide).toContain(`\`${key}\``));
  it.each(
    [...read('libs/operations/src/audit/report.ts').matchAll(/^ {2}([A-Z_]+): '/gm)].map((match) => match[1] as string),
  )('explains the discrepancy %s', (code) => expect(guide).toContain(`\`${code}\``));
  it('was compared with something', () => expect(thrown.length).toBeGreaterThan(40));
});
