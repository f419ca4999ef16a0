export interface WebAnswer {
  readonly status: number;
  readonly kind: 'json' | 'html' | 'other';
  /** What the JSON says; undefined for anything else. */
  readonly body: unknown;
}

const limit = 1_000_000;

/** Reads an answer of bounded size. What claims to be JSON and is not counts as `other`. */
export async function readJson(response: Response): Promise<WebAnswer> {
  const text = await readText(response);
  const { status } = response;
  const type = response.headers.get('content-type') ?? '';
  if (type.includes('html')) return { status, kind: 'html', body: undefined };
  try {
    return { status, kind: 'json', body: JSON.parse(text) as unknown };
  } catch {
    return { status, kind: 'other', body: undefined };
  }
}

async function readText(response: Response): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += (part as Uint8Array).length;
    if (size > limit) throw new Error(`an answer of more than ${limit} bytes`);
    parts.push(Buffer.from(part as Uint8Array));
  }
  return Buffer.concat(parts).toString('utf8');
}
