import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Prints every command with its options. In a separate process, as the built command line runs. */
const print = `
  const { build } = require(${JSON.stringify(join(__dirname, '..', 'dist', 'program.js'))});
  const of = (command, words) => command.commands.length > 0
    ? command.commands.flatMap((each) => of(each, [...words, each.name()]))
    : [[words.join(' '), command.options.map(({ long, flags, description }) => ({ long, text: flags + ': ' + description }))]];
  console.log(JSON.stringify(of(build(false, () => undefined), [])));
`;
const commands = JSON.parse(execFileSync(process.execPath, ['-e', print], { encoding: 'utf8' })) as readonly (readonly [
  name: string,
  options: readonly { readonly long: string; readonly text: string }[],
])[];

const asking = [
  'adopt',
  'audit',
  'doctor',
  'files abandon',
  'imports cancel',
  'move',
  'recall',
  'relink',
  'requests approve',
  'requests decline',
  'restore',
  'store rename',
  'store validate',
  'undo',
];
const recording = [
  ...asking.filter((name) => name !== 'doctor' && name !== 'store validate'),
  'backup',
  'drill restore',
  'files retry',
  'import',
  'imports retry',
  'policies run',
  'pull',
  'rebuild',
  'resume',
  'scan',
  'stop',
  'tokens create',
  'tokens revoke',
  'verify',
];

describe.each([
  ['--yes', asking],
  ['--by', recording],
])('the option %s', (flag, expected) => {
  const having = commands.flatMap(([name, options]) =>
    options.filter(({ long }) => long === flag).map(({ text }) => ({ name, text })),
  );
  it('is available in every command that needs it', () => {
    expect(having.map(({ name }) => name).sort()).toEqual([...expected].sort());
  });
  it('has the same help everywhere', () => {
    expect(new Set(having.map(({ text }) => text)).size).toBe(1);
  });
});
