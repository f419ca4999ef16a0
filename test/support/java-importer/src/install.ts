import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Misbehaviour } from './misbehaviour';
import { SETTINGS, type Settings } from './settings';

export interface InstalledImporter {
  /** Has `java`; goes first into PATH. */
  readonly bin: string;
  /** For `--clientdir`: has a jar, which is empty. */
  readonly clientDir: string;
  /** Replaces the script. Without faults, the importer behaves. */
  misbehave(...faults: readonly Misbehaviour[]): void;
  /** The faults that took place since then: their number in the list, name and file. */
  done(): readonly string[];
}

type Plan = Pick<Settings, 'databaseUrl' | 'dataDir' | 'bioFormats'> & Partial<Pick<Settings, 'owner'>>;

/** Puts a `java` into a directory that imports into this sample OMERO. Needs this package to be built. */
export function installJavaImporter(dir: string, { owner = 'omero', ...plan }: Plan): InstalledImporter {
  const [bin, clientDir] = [join(dir, 'bin'), join(dir, 'lib', 'client')];
  for (const each of [bin, clientDir]) mkdirSync(each, { recursive: true });
  const misbehaviourFile = join(resolve(dir), 'misbehaviour.json');
  const settings: Settings = { ...plan, owner, misbehaviourFile };
  const settingsFile = join(resolve(dir), 'settings.json');
  writeFileSync(settingsFile, JSON.stringify(settings), { mode: 0o644 });
  writeFileSync(join(clientDir, 'omero-blitz.jar'), '');
  const main = join(__dirname, '..', 'dist', 'main.js');
  if (!existsSync(main)) throw new Error(`${main} is missing: build this package first`);
  writeFileSync(
    join(bin, 'java'),
    `#!/bin/sh\n${SETTINGS}=${quoted(settingsFile)} exec ${quoted(process.execPath)} ${quoted(main)} "$@"\n`,
    { mode: 0o755 },
  );
  return {
    bin,
    clientDir,
    misbehave: (...faults) => {
      rmSync(`${misbehaviourFile}.done`, { force: true });
      writeFileSync(misbehaviourFile, JSON.stringify(faults));
    },
    done: () => {
      const file = `${misbehaviourFile}.done`;
      return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
    },
  };
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
