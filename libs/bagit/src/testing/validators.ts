import { isUtf8 } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Validators of BagIt bags that others wrote, by name and version. */
export const validatorNames = ['bagit-python 1.9.0', 'bagit-java 5.2.0'] as const;
export type ValidatorName = (typeof validatorNames)[number];

export interface Validator {
  readonly name: ValidatorName;
  /** For each bag an empty string, or why it is refused. */
  readonly verdicts: (bags: readonly string[]) => readonly string[];
}

/**
 * Whether a validator refuses a bag, valid by RFC 8493, because of a name in its payload. docs/stores.md lists the
 * reasons.
 */
export function doesNotTake(validator: ValidatorName, name: Buffer): boolean {
  const text = name.toString('utf8');
  if (!isUtf8(name) || text.includes('%')) return true;
  if (validator === 'bagit-java 5.2.0') return text.includes('\\');
  return /\s$|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]|\n.*\n.*\n|\r.*\r.*\r/s.test(text);
}

const cache = join(homedir(), '.cache', 'coldroom-tests');
const quiet = { encoding: 'utf8', timeout: 300_000, stdio: 'pipe' } as const;
const environment = { ...process.env, LC_ALL: 'C.UTF-8', PYTHONUTF8: '1' };

/**
 * A validator, kept in the user's cache directory after the first download. Undefined if it is not available: the reason
 * is written to standard error, as tests are then skipped.
 */
export function validator(name: ValidatorName): Validator | undefined {
  try {
    const command = name === 'bagit-java 5.2.0' ? java() : python();
    const verdicts = (bags: readonly string[]): readonly string[] => {
      const [program = '', ...words] = command;
      const said = execFileSync(program, [...words, ...bags], { ...quiet, env: environment }).split('\n');
      if (said.length !== bags.length + 1)
        throw new Error(`${name} gave ${said.length - 1} verdicts on ${bags.length} bags`);
      return said.slice(0, -1);
    };
    return { name, verdicts };
  } catch (error) {
    process.stderr.write(
      `SKIPPED: tests with ${name}, as it cannot be had here: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return undefined;
  }
}

/** From PyPI. */
function python(): readonly string[] {
  const place = kept('bagit-python-1.9.0', (directory) =>
    execFileSync('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '-t', directory, 'bagit==1.9.0'], quiet),
  );
  return ['env', `PYTHONPATH=${place}`, 'python3', join(__dirname, 'bag_verdicts.py')];
}

/** From Maven Central, with what it depends on. */
function java(): readonly string[] {
  if (!/^jdk\.compiler@/m.test(execFileSync('java', ['--list-modules'], quiet)))
    throw new Error('this Java cannot compile; a JDK is needed');
  const place = kept('bagit-java-5.2.0', (directory) => {
    writeFileSync(
      join(directory, 'pom.xml'),
      `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
        <groupId>coldroom</groupId><artifactId>validators</artifactId><version>1</version>
        <dependencies><dependency><groupId>gov.loc</groupId><artifactId>bagit</artifactId><version>5.2.0</version></dependency></dependencies>
      </project>\n`,
    );
    execFileSync('mvn', ['-q', '-B', '-f', directory, 'dependency:copy-dependencies', '-DoutputDirectory=.'], quiet);
  });
  return ['java', '-cp', join(place, '*'), join(__dirname, 'BagVerdicts.java')];
}

function kept(name: string, make: (directory: string) => void): string {
  const place = join(cache, name);
  if (existsSync(place)) return place;
  mkdirSync(cache, { recursive: true });
  const made = mkdtempSync(`${place}-`);
  try {
    make(made);
    renameSync(made, place);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    if (!existsSync(place)) throw error; // another process was faster
  }
  return place;
}
