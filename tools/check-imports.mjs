// Finds circular imports between source files, `import type` included, which the lint rule for projects does not see.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.tsx'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => existsSync(file) && file !== '');

function importsOf(file) {
  return ts
    .preProcessFile(readFileSync(file, 'utf8'), true, true)
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => join(dirname(file), fileName))
    .map((path) => [`${path}.ts`, `${path}.tsx`, join(path, 'index.ts')].find((candidate) => existsSync(candidate)))
    .filter((found) => found !== undefined);
}

const imports = new Map(files.map((file) => [file, importsOf(file)]));
const circles = new Map();
const done = new Set();

/** Depth first; a file met again on the way down closes a circle. */
function walk(file, path) {
  const start = path.indexOf(file);
  if (start !== -1) {
    const circle = path.slice(start);
    circles.set([...circle].sort().join(), [...circle, file]);
    return;
  }
  if (done.has(file)) return;
  for (const imported of imports.get(file) ?? []) walk(imported, [...path, file]);
  done.add(file);
}

for (const file of files) walk(file, []);
for (const circle of circles.values()) console.error(`circular import: ${circle.join('\n  -> ')}`);
if (circles.size > 0) process.exit(1);
console.log(`no circular imports in ${files.length} files`);
