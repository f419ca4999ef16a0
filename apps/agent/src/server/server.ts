import { z } from 'zod';
import { messageOf, Refused, Transient } from '@coldroom/domain';

const status = z.object({
  state: z.enum(['receiving', 'arrived', 'discarded']),
  files: z.int(),
  declared: z.int(),
  proven: z.int(),
  place: z.string().nullable(),
  order: z
    .object({
      id: z.string(),
      state: z.string(),
      code: z.string().nullable(),
      reason: z.string().nullable(),
      note: z.string().nullable(),
    })
    .nullable(),
  proof: z.object({ at: z.string(), files: z.int(), bytes: z.string(), manifest: z.string() }).nullable(),
});
/** What the server knows of a set. */
export type SetStatus = Readonly<z.output<typeof status>>;

const problem = z.object({ code: z.string(), detail: z.string() });
const answerMs = 120_000;

/** The console of Coldroom, as a workstation may use it. Every call may be repeated. */
export class Server {
  constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly signal: AbortSignal,
  ) {}

  get headers(): Readonly<Record<string, string>> {
    return { Authorization: `Bearer ${this.token}` };
  }

  fileUrl(set: string, number: number): string {
    return this.at(`/${set}/files/${number}`);
  }

  async begin(set: object): Promise<SetStatus> {
    return understood(status, await this.call('POST', '', set));
  }

  async status(set: string): Promise<SetStatus> {
    return understood(status, await this.call('GET', `/${set}`));
  }

  async declare(set: string, files: readonly object[]): Promise<void> {
    await this.call('POST', `/${set}/files`, { files });
  }

  async missing(set: string, after: number): Promise<readonly number[]> {
    const answer = await this.call('GET', `/${set}/missing?after=${after}`);
    return understood(z.object({ numbers: z.array(z.int()) }), answer).numbers;
  }

  async prove(set: string, number: number): Promise<boolean> {
    const answer = await this.call('POST', `/${set}/files/${number}/proof`, {});
    return understood(z.object({ proven: z.boolean() }), answer).proven;
  }

  async order(set: string): Promise<SetStatus> {
    return understood(status, await this.call('POST', `/${set}/order`, {}));
  }

  async discard(set: string): Promise<void> {
    await this.call('DELETE', `/${set}`);
  }

  private at(path: string): string {
    return `${this.url.replace(/\/+$/, '')}/api/v1/uploads${path}`;
  }

  private async call(method: string, path: string, body?: object): Promise<unknown> {
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    let response: Response;
    let text: string;
    try {
      response = await fetch(this.at(path), {
        method,
        headers: { ...this.headers, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
        signal: AbortSignal.any([this.signal, AbortSignal.timeout(answerMs)]),
        redirect: 'error',
        ...json,
      });
      text = await response.text();
    } catch (error) {
      const { cause } = error as { cause?: unknown };
      const why = [messageOf(error), ...(cause === undefined ? [] : [messageOf(cause)])].join(': ');
      throw new Transient(
        'SERVER_UNREACHABLE',
        `The server does not answer (${why}). It is tried again.`,
        {},
        { cause: error },
      );
    }
    if (response.ok) return parsed(text);
    throw failureOf(response.status, text);
  }
}

function understood<T>(form: z.ZodType<T>, answer: unknown): T {
  const read = form.safeParse(answer);
  if (read.success) return read.data;
  throw new Refused(
    'SERVER_VERSION',
    'The answer of the server is not the one that this agent needs. Use the agent of the same version as the server.',
  );
}

/** An answer that is no JSON comes from something before the console: it may be gone in a while. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Transient(
      'SERVER_UNREACHABLE',
      'What answers is not Coldroom. Look at the address in "server".',
      {},
      { cause: error },
    );
  }
}

/** What the server answers to a request that it does not carry out. */
export function failureOf(status: number, body: string): Refused | Transient {
  const read = problem.safeParse(json(body));
  const code = read.success ? read.data.code : `HTTP_${status}`;
  const detail = read.success ? read.data.detail : `The server answered ${status}.`;
  if (status === 401)
    return new Refused(
      'TOKEN_REFUSED',
      'The server does not take the token: it is wrong, revoked or has ended. Ask the administrator for a new one.',
    );
  const mayPass = status >= 500 || status === 408 || status === 429 || !read.success || passing.includes(code);
  return mayPass ? new Transient(code, detail) : new Refused(code, detail);
}

const passing: readonly string[] = [
  'UPLOAD_BUSY',
  'UPLOAD_NO_ROOM',
  'UPLOAD_INCOMPLETE',
  'UPLOAD_DAMAGED',
  'UPLOAD_DISCARDED',
];

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a page of a proxy
  }
}
