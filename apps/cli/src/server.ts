import { randomUUID } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { problem } from '@coldroom/api';
import { codeOf, messageOf, Refused, Transient } from '@coldroom/domain';
import { UsageError } from '@coldroom/operations';

const timeoutMs = 60_000;
const mostOfPage = 1000;
const local = ['localhost', '127.0.0.1', '[::1]'];

export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;
type Page = z.ZodType<{ readonly data: readonly unknown[]; readonly next: bigint | null }>;

interface Sending {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly query?: Query;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answered {
  readonly status: number;
  readonly text: string;
  /** 0 if the server does not say. */
  readonly retryAfterMs: number;
}

/** The REST API of a console, with an access token. docs/api.md says what it does. */
export class Server {
  private readonly base: URL;

  constructor(
    url: string,
    private readonly token: string,
  ) {
    this.base = baseOf(url);
  }

  async get<Answer extends z.ZodType>(path: string, answer: Answer, query: Query = {}): Promise<z.output<Answer>> {
    return this.send(path, answer, { query });
  }

  /** The first `most` of a list, read page by page. */
  async all<Answer extends Page>(
    path: string,
    answer: Answer,
    query: Query = {},
    most = Infinity,
  ): Promise<z.output<Answer>['data'][number][]> {
    const found: unknown[] = [];
    let cursor = query['cursor'] as string | undefined;
    do {
      const limit = Math.min(mostOfPage, most - found.length).toString();
      const { data, next }: z.output<Page> = await this.get(path, answer, { ...query, cursor, limit });
      found.push(...data);
      cursor = next?.toString();
    } while (cursor !== undefined && found.length < most);
    return found;
  }

  /** What is lost on its way is sent once more: by its key, the server does it once. */
  async post<Answer extends z.ZodType>(
    path: string,
    answer: Answer,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<z.output<Answer>> {
    const sending = { method: 'POST', body, headers: { ...headers, 'idempotency-key': randomUUID() } } as const;
    try {
      return await this.send(path, answer, sending);
    } catch (error) {
      if (codeOf(error) !== 'SERVER_UNAVAILABLE') throw error;
      return this.send(path, answer, sending);
    }
  }

  async delete<Answer extends z.ZodType>(path: string, answer: Answer): Promise<z.output<Answer>> {
    return this.send(path, answer, { method: 'DELETE' });
  }

  private async send<Answer extends z.ZodType>(
    path: string,
    answer: Answer,
    { method = 'GET', query = {}, body, headers = {} }: Sending,
  ): Promise<z.output<Answer>> {
    const url = new URL(`api/v1/${path}`, this.base);
    for (const [name, values] of Object.entries(query))
      for (const value of [values].flat()) if (value !== undefined) url.searchParams.append(name, value);
    const { status, text, retryAfterMs } = await this.fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const parsed = jsonOf(text);
    if (status >= 300) throw failureOf(status, problem.safeParse(parsed).data, this.base, retryAfterMs);
    const decoded = answer.safeDecode(parsed as z.input<Answer>);
    if (!decoded.success) throw unexpected(this.base, z.prettifyError(decoded.error));
    return decoded.data;
  }

  private async fetch(url: URL, init: RequestInit): Promise<Answered> {
    try {
      // A redirect would send the token elsewhere.
      const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
      const retryAfterMs = Number(response.headers.get('retry-after')) * 1000 || 0;
      return { status: response.status, text: await response.text(), retryAfterMs };
    } catch (error) {
      const { cause = error } = error as { readonly cause?: unknown };
      if (isCertificateFault(codeOf(cause))) throw untrusted(this.base, messageOf(cause));
      throw new Transient(
        'SERVER_UNAVAILABLE',
        `${this.base.href} does not answer (${messageOf(cause)}): check the address of --server and that the console runs, then try again. If something was to be changed, look first whether it has happened`,
      );
    }
  }
}

/** The token in a file. UsageError if it cannot be read, or if others can. */
export function readToken(file: string): string {
  const fault = (text: string): UsageError => new UsageError(`--token-file names ${file}, which ${text}`);
  let opened: number | undefined;
  try {
    opened = openSync(file, 'r');
    const { mode } = fstatSync(opened);
    if ((mode & 0o007) !== 0) throw fault(`everyone on this machine may use: chmod 600 ${file}`);
    const token = readFileSync(opened, 'utf8').trim();
    if (!/^coldroom_[\w-]{43}$/.test(token)) throw fault('has no access token: "coldroom tokens create" prints one');
    return token;
  } catch (error) {
    throw error instanceof UsageError ? error : fault(`cannot be read (${codeOf(error)})`);
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

function baseOf(url: string): URL {
  if (!URL.canParse(url)) throw new UsageError(`--server needs the address of a console, not "${url}"`);
  const base = new URL(url.endsWith('/') ? url : `${url}/`);
  if (base.protocol !== 'https:' && !(base.protocol === 'http:' && local.includes(base.hostname)))
    throw new UsageError('--server needs an address with https://: anyone on the way could read the token');
  return base;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failureOf(
  status: number,
  failed: z.output<typeof problem> | undefined,
  base: URL,
  retryAfterMs: number,
): Error {
  // A proxy in front answers so while the console restarts.
  if (!failed && [429, 502, 503, 504].includes(status))
    return new Transient('SERVER_UNAVAILABLE', `${base.href} is not available now (status ${status})`, {
      retryAfterMs,
    });
  if (!failed) return unexpected(base, `status ${status}`);
  const { code, detail } = failed;
  const message = `${detail} (${status} ${code})`;
  if (status === 401)
    return new Refused(
      code,
      `The token in --token-file is unknown, revoked or expired: "coldroom tokens list" on the server shows those that are valid (${status} ${code})`,
    );
  const passes = status >= 500 || status === 429 || code === 'IDEMPOTENCY_RUNNING';
  return passes ? new Transient(code, message, { retryAfterMs }) : new Refused(code, message);
}

/** Node's codes for what is wrong with a certificate. */
function isCertificateFault(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/.test(code);
}

function untrusted(base: URL, why: string): Refused {
  return new Refused(
    'SERVER_NOT_TRUSTED',
    `${base.href} has a certificate that is not trusted here (${why}), so the token was not sent. If an authority of your own has signed it, set NODE_EXTRA_CA_CERTS to a file with the certificate of that authority`,
  );
}

function unexpected(base: URL, what: string): Refused {
  return new Refused(
    'SERVER_ANSWER',
    `${base.href} does not answer as the REST API of this version does (${what}): is it the address of the console, with its path, and of the same version as this command?`,
  );
}
