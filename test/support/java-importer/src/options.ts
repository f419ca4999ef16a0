import { BadOption, getopt, type Takes } from './getopt';
import { transferClasses, type Transfer } from './transfers';

/** What is printed for each fileset. */
export type Output = 'ids' | 'legacy' | 'yaml';

export interface Options {
  host?: string;
  port: number;
  key?: string;
  /** `Dataset:5`, `Screen:name:X`; `-d 5` and `-r 5` are such too. */
  target?: string;
  name?: string;
  description?: string;
  listOnly: boolean;
  continueOnError: boolean;
  output: Output;
  transfer: Transfer;
  checksumAlgorithm?: string;
  exclusions: string[];
  /** 0: does not wait for images, and says nothing about them. Below 0: waits as long as it takes. */
  minutesToWait: number;
  paths: readonly string[];
}

/** For `usage()` of the importer, which ends with code 1. */
export class Usage extends Error {}

type Setter = readonly [Takes, (options: Options, value: string, set: Set<string>) => void];

const withoutEffect = (takes: Takes): Setter => [takes, () => undefined];
const once =
  (key: 'name' | 'description' | 'checksumAlgorithm'): Setter[1] =>
  (options, value, set) => {
    if (set.has(key)) throw new Usage(`Conflicting arguments setting ${key}.`);
    set.add(key);
    options[key] = value;
  };
const container =
  (kind: 'Dataset' | 'Screen'): Setter[1] =>
  (options, value) => {
    options.target = value.startsWith(`${kind}:`) ? value : `${kind}:${wholeNumber(value)}`;
  };
const usage: Setter = [
  'none',
  () => {
    throw new Usage('');
  },
];

/** All options of CommandLineImporter. Those without effect change nothing that a service can observe in a test. */
const setters: Readonly<Record<string, Setter>> = {
  c: ['none', (options) => void (options.continueOnError = true)],
  f: ['none', (options) => void (options.listOnly = true)],
  h: usage,
  'advanced-help': usage,
  s: ['required', (options, value) => void (options.host = value)],
  p: ['required', (options, value) => void (options.port = wholeNumber(value))],
  k: ['required', (options, value) => void (options.key = value)],
  d: ['required', container('Dataset')],
  r: ['required', container('Screen')],
  T: ['required', (options, value) => void (options.target = value)],
  target: ['required', (options, value) => void (options.target = value)],
  n: ['required', once('name')],
  name: ['required', once('name')],
  'plate-name': ['required', once('name')],
  plate_name: ['required', once('name')],
  x: ['required', once('description')],
  description: ['required', once('description')],
  'plate-description': ['required', once('description')],
  plate_description: ['required', once('description')],
  'checksum-algorithm': ['required', once('checksumAlgorithm')],
  checksum_algorithm: ['required', once('checksumAlgorithm')],
  transfer: ['required', (options, value) => void (options.transfer = oneOf(value, transferNames))],
  output: ['required', (options, value) => void (options.output = oneOf(value, ['ids', 'legacy', 'yaml']))],
  exclude: ['required', (options, value) => void options.exclusions.push(value)],
  'minutes-wait': ['required', (options, value) => void (options.minutesToWait = wholeNumber(value))],
  'auto-close': ['none', (options) => void (options.minutesToWait = 0)],
  ...Object.fromEntries(
    ['parallel-upload', 'parallel-fileset', 'keep-alive'].map((name) => [
      name,
      ['required', (_: Options, value: string) => void wholeNumber(value)] as const,
    ]),
  ),
  ...Object.fromEntries(
    ['l', 'readers', 'agent', 'email', 'encrypted', 'qa-baseurl'].map((name) => [name, withoutEffect('required')]),
  ),
  ...Object.fromEntries(
    ['no-thumbnails', 'no_thumbnails', 'no-stats-info', 'no-upgrade-check', 'report', 'upload', 'logs'].map((name) => [
      name,
      withoutEffect('none'),
    ]),
  ),
  debug: withoutEffect('optional'),
};
const transferNames = Object.keys(transferClasses) as Transfer[];

/** Throws `Usage`, or an error for a value that Java does not parse: it ends with code 1 as well. */
export function parseOptions(words: readonly string[]): Options {
  const options: Options = {
    port: 4064,
    listOnly: false,
    continueOnError: false,
    output: 'ids',
    transfer: 'upload',
    exclusions: [],
    minutesToWait: -1,
    paths: [],
  };
  try {
    const known = new Map(Object.entries(setters).map(([name, [takes]]) => [name, takes]));
    const { options: given, rest } = getopt(words, known);
    const set = new Set<string>();
    for (const { name, value } of given) setters[name]![1](options, value, set);
    if (options.listOnly && options.output === 'yaml')
      throw new Error('-f with --output=yaml is left out here: the form of the real one is not known');
    return { ...options, paths: rest };
  } catch (error) {
    if (error instanceof BadOption) throw new Usage(`importer-cli: ${error.message}`);
    throw error;
  }
}

function wholeNumber(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new Error(`java.lang.NumberFormatException: For input string: "${text}"`);
  return Number(text);
}

function oneOf<T extends string>(value: string, values: readonly T[]): T {
  const found = values.find((each) => each === value);
  if (found === undefined) throw new Error(`java.lang.IllegalArgumentException: No enum constant ${value}`);
  return found;
}
