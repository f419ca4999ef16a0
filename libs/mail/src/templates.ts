import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Mustache from 'mustache';
import { codeOf, Refused } from '@coldroom/domain';
import { oneLine } from './addresses';

/** Every mail that Coldroom sends: `<name>.txt` and `<name>.html` in the directory of templates. */
export const templateNames = [
  'approved',
  'archived',
  'audit-finding',
  'backup-failed',
  'backup-old',
  'bad-copies',
  'breaker-tripped',
  'buffer-ages',
  'buffer-filling-up',
  'closure-grew',
  'declined',
  'digest',
  'drill-failed',
  'import-done',
  'import-failed',
  'imports',
  'imports-not-ordered',
  'imports-wait',
  'new-requests',
  'originals-freed',
  'partly-archived',
  'proposed',
  'recall-ends',
  'report',
  'resumed',
  'retrieval-blocked',
  'retrieval-done',
  'retrieval-requested',
  'silent',
  'stopped',
  'store-filling-up',
  'store-unavailable',
  'stuck',
  'test',
  'trouble-over',
] as const;
export type TemplateName = (typeof templateNames)[number];

/** Mail about data loss, or about the last copy outside the archive: it is sent at once, whatever a person chose. */
const alwaysSent: readonly TemplateName[] = ['audit-finding', 'bad-copies', 'originals-freed'];

export function isAlwaysSent(name: TemplateName): boolean {
  return alwaysSent.includes(name);
}

export interface Rendered {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const ours = join(__dirname, '..', 'templates');

/** Turns facts into mails. A file in the site's own directory replaces ours of the same name, at the next mail. */
export class Templates {
  constructor(
    private readonly options: { readonly directory?: string | undefined; readonly subjectPrefix?: string } = {},
  ) {}

  get subjectPrefix(): string {
    return this.options.subjectPrefix ?? '';
  }

  /** Without the files of the site. */
  ours(): Templates {
    return new Templates({ subjectPrefix: this.subjectPrefix });
  }

  withoutPrefix(): Templates {
    return new Templates({ directory: this.options.directory });
  }

  /** What is wrong with the files of the site, and files there that no mail uses. */
  async faults(): Promise<readonly string[]> {
    const { directory } = this.options;
    if (directory === undefined) return [];
    const names = await readdir(directory).catch((error: unknown) => codeOf(error));
    if (typeof names === 'string') return [`The directory of mail templates ${directory} cannot be read (${names})`];
    const used = [...templateNames.flatMap((name) => [`${name}.txt`, `${name}.html`]), 'layout.html'];
    const unused = names.filter((name) => /\.(txt|html)$/.test(name) && !used.includes(name));
    const found = new Set(unused.map((name) => `No mail uses the template ${name}`));
    for (const name of templateNames)
      await this.render(name, {}).catch((error: unknown) => {
        if (codeOf(error) !== 'MAIL_TEMPLATE_INVALID') throw error;
        found.add((error as Error).message);
      });
    return [...found];
  }

  /** `Refused` `MAIL_TEMPLATE_INVALID` if a template of the site cannot be used. */
  async render(name: string, facts: Readonly<Record<string, unknown>>): Promise<Rendered> {
    const values = cleaned(facts);
    const [plain, body, layout] = await Promise.all(
      [`${name}.txt`, `${name}.html`, 'layout.html'].map((file) => this.read(file)),
    );
    const text = filled(`${name}.txt`, plain as string, values, (value) => String(value));
    const [, subject, rest] = /^Subject: *([^\n]+)\n\n([^]*)$/.exec(text) ?? [];
    if (subject === undefined || rest === undefined)
      throw invalid(`${name}.txt`, 'must begin with "Subject: ..." and an empty line');
    const content = filled(`${name}.html`, body as string, values);
    return {
      subject: oneLine(`${this.subjectPrefix} ${subject}`),
      text: `${rest.replace(/\n{3,}/g, '\n\n').trim()}\n`,
      html: filled('layout.html', layout as string, { ...values, subject, content }),
    };
  }

  private async read(file: string): Promise<string> {
    const { directory } = this.options;
    if (directory !== undefined) {
      try {
        return await readFile(join(directory, file), 'utf8');
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw invalid(file, `cannot be read (${codeOf(error)})`);
      }
    }
    return readFile(join(ours, file), 'utf8');
  }
}

/** By default as HTML: what is in a value is text there, never markup. */
function filled(
  file: string,
  template: string,
  values: Readonly<Record<string, unknown>>,
  escape?: (value: unknown) => string,
): string {
  try {
    return new Mustache.Writer().render(template.replaceAll('\r\n', '\n'), values, {}, escape ? { escape } : {});
  } catch (error) {
    throw invalid(file, (error as Error).message);
  }
}

/** Values come from people and from OMERO: without control characters, each is one line. */
function cleaned<T>(value: T): T {
  if (typeof value === 'string') return oneLine(value) as T;
  if (Array.isArray(value)) return value.map(cleaned) as T;
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, cleaned(one)])) as T;
  return value;
}

function invalid(file: string, why: string): Refused {
  return new Refused('MAIL_TEMPLATE_INVALID', `The mail template ${file} ${why}`);
}
