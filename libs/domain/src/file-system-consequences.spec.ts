import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { abilities, type FileSystemLook } from './file-system';
import { consequencesOf, type RootUse } from './file-system-consequences';

const lacking = {
  abilities: Object.fromEntries(abilities.map((ability) => [ability, { answer: 'no', how: 'a test' }])),
} as unknown as FileSystemLook;
const cell = (use: RootUse, ability: string): string => {
  const found = consequencesOf(use, lacking).find((each) => each.ability === ability);
  return found ? `${found.weight === 'none' ? 'nothing' : found.weight}: ${found.text}` : '';
};

test.each(abilities)('docs/storage.md says what is done without %s', (ability) => {
  const guide = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'storage.md'), 'utf8');
  expect(guide).toContain(`| ${ability} | ${cell('hold', ability)} | ${cell('store', ability)} |\n`);
});

test('an ability that is there, or not known, has no consequence', () => {
  const known = {
    abilities: Object.fromEntries(
      abilities.map((ability, at) => [ability, { answer: at % 2 ? 'yes' : 'unknown', how: 'a test' }]),
    ),
  } as unknown as FileSystemLook;
  expect(consequencesOf('hold', known)).toEqual([]);
  expect(consequencesOf('store', known)).toEqual([]);
});
