/** The six folders, from the one that says most about a job to the one that says least. */
export const jobFolders = ['Finished', 'Error', 'Running', 'Declined', 'Approved', 'New'] as const;
export type JobFolder = (typeof jobFolders)[number];

/** A line of a job that names a file, as bytes. */
export interface JobEntry {
  readonly name: Buffer;
  readonly status: string;
}

export interface JobText {
  readonly user: string | null;
  readonly userId: bigint | null;
  readonly groupId: bigint | null;
  readonly requester: string | null;
  readonly requesterId: bigint | null;
  /** What the people wrote, such as `expiry` and `description`. */
  readonly notes: ReadonlyMap<string, string>;
  readonly imageIds: readonly bigint[];
  readonly files: readonly JobEntry[];
  /** Lines of the lists that name neither an image nor a file. */
  readonly notUnderstood: readonly string[];
}

const statuses = 'New|Approved|Running|Finished|Error|Ignore|Declined';
const ownKeys = [
  'user id',
  'omename',
  'group id',
  'owner id',
  'owner omename',
  'email',
  'created',
  'status',
  'total bytes',
  'total size',
  'error',
  'complete',
];

/**
 * Reads a job of the older tool; undefined if it is none. Values are not escaped there: a note may contain lines that
 * look like sections, and a path may contain ` = `. So the lists are found from the end, and a line by its last `=`.
 * Bytes are kept by reading them as latin1.
 */
export function readJob(content: Buffer): JobText | undefined {
  const lines = content.toString('latin1').split('\n');
  const files = lines.lastIndexOf('[Files]');
  const images = lines.lastIndexOf('[Images]', files);
  if (files < 0 || images < 0 || lines[0] !== '[Info]') return undefined;
  const info = readInfo(lines.slice(1, images));
  const notUnderstood: string[] = [];
  return {
    user: info.get('omename') ?? null,
    userId: numberOf(info.get('user id')),
    groupId: numberOf(info.get('group id')),
    requester: info.get('owner omename') ?? null,
    requesterId: numberOf(info.get('owner id')),
    notes: new Map([...info].filter(([key, value]) => !ownKeys.includes(key) && value !== 'None')),
    imageIds: entries(lines.slice(images + 1, files), /^([^]*\((\d{1,18})\)) = (True|False)$/, notUnderstood).map(
      ([, , id]) => BigInt(id!),
    ),
    files: entries(lines.slice(files + 1), new RegExp(`^([^]+) = (${statuses})$`), notUnderstood).map(
      ([, name, status]) => ({ name: Buffer.from(name!, 'latin1'), status: status! }),
    ),
    notUnderstood,
  };
}

/** The first value of a key counts: the tool writes its own keys before the notes. Indented lines continue a value. */
function readInfo(lines: readonly string[]): ReadonlyMap<string, string> {
  const info = new Map<string, string>();
  let last: string | undefined;
  for (const line of lines) {
    const at = line.indexOf(' =');
    if (/^\s/.test(line) || at < 0) {
      if (last !== undefined && line.trim() !== '')
        info.set(last, `${info.get(last)}\n${utf8(line.replace(/^\t/, ''))}`);
      continue;
    }
    const key = line.slice(0, at);
    last = info.has(key) ? undefined : key;
    if (last !== undefined) info.set(key, utf8(line.slice(at + 2).trim()));
  }
  return info;
}

/**
 * A name with a newline goes on in the next line, which the tool's parser indents. A line that is an entry by itself
 * begins a new one, so that a broken line does not hide the next.
 */
function entries(lines: readonly string[], form: RegExp, notUnderstood: string[]): RegExpExecArray[] {
  const found: RegExpExecArray[] = [];
  let open = '';
  const giveUp = (): void => {
    if (open.trim() !== '') notUnderstood.push(utf8(open.trim()));
    open = '';
  };
  for (const line of lines) {
    if (line.startsWith('/') && form.test(line)) giveUp();
    const whole = open === '' ? line : `${open}\n${line.replace(/^\t/, '')}`;
    const match = form.exec(whole);
    if (match) found.push(match);
    open = match || whole === '' ? '' : whole;
  }
  giveUp();
  return found;
}

const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString();

function numberOf(text: string | undefined): bigint | null {
  return text !== undefined && /^\d{1,18}$/.test(text) ? BigInt(text) : null;
}
