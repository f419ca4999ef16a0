export const databases = ['register', 'omero'] as const;
export type DumpedDatabase = (typeof databases)[number];

/** How a dump is encrypted is the end of its name. */
export const ciphers = ['age', 'gpg'] as const;
export type Cipher = (typeof ciphers)[number];

export interface Dump {
  readonly name: string;
  readonly database: DumpedDatabase;
  /** When it was begun, to the second. */
  readonly at: Date;
  readonly cipher: Cipher | undefined;
}

const scheme = new RegExp(
  `^coldroom-(${databases.join('|')})-(\\d{4})(\\d{2})(\\d{2})T(\\d{2})(\\d{2})(\\d{2})Z\\.dump(?:\\.(${ciphers.join('|')}))?$`,
);
const partial = /^\.(.*)\.partial$/;
/** Of `writeOnce`, which writes the checksums. */
const temporary = /^\.coldroom-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.part$/;

/** `coldroom-register-20261129T023000Z.dump.age` */
export function dumpOf(database: DumpedDatabase, at: Date, cipher: Cipher | undefined): Dump {
  const time = `${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  const name = `coldroom-${database}-${time}.dump${cipher === undefined ? '' : `.${cipher}`}`;
  return { name, database, at: new Date(Math.floor(at.getTime() / 1000) * 1000), cipher };
}

/** Undefined for any name that `dumpOf` would not give. */
export function parseDump(name: string): Dump | undefined {
  const [, database, year, month, day, hour, minute, second, cipher] = scheme.exec(name) ?? [];
  if (database === undefined) return undefined;
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(at.getTime())) return undefined;
  const dump = dumpOf(database as DumpedDatabase, at, cipher as Cipher | undefined);
  return dump.name === name ? dump : undefined; // 30 February is another day for Date
}

/** In each place: the id of the register that it belongs to. */
export const ownerName = '.coldroom-register';
export const ownerText = (id: string): string => `${id}\n`;

export const checksumName = (name: string): string => `${name}.sha256`;
export const partialName = (name: string): string => `.${name}.partial`;

/** What a run that was killed leaves behind, by its name alone. */
export function isLeftover(name: string): boolean {
  return temporary.test(name) || parseDump(partial.exec(name)?.[1] ?? '') !== undefined;
}

/** As sha256sum writes and checks it. */
export function checksumText(name: string, sha256: string): string {
  return `${sha256}  ${name}\n`;
}

/** Undefined if it is not exactly what `checksumText` gives for this name. */
export function sha256In(text: string, name: string): string | undefined {
  const sha256 = text.slice(0, 64);
  return /^[0-9a-f]{64}$/.test(sha256) && text === checksumText(name, sha256) ? sha256 : undefined;
}

/** The newest first, of one database. */
export function dumpsIn(names: readonly string[], database: DumpedDatabase): readonly Dump[] {
  return names
    .flatMap((name) => parseDump(name) ?? [])
    .filter((dump) => dump.database === database)
    .sort((one, other) => other.at.getTime() - one.at.getTime() || (one.name < other.name ? -1 : 1));
}
