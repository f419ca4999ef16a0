import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

export interface Unsigned {
  readonly method: string;
  /** Percent-encoded, with a slash in front. */
  readonly path: string;
  /** Percent-encoded, without the question mark. */
  readonly query: string;
  /** Names in lower case; `host` is one of them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body, in hex. */
  readonly sha256: string;
}

/** Connections on the way may change these. */
const notSigned = new Set(['content-length', 'content-type']);

/** AWS Signature Version 4 for S3 (Amazon S3 API reference, "Authenticating Requests: Using the Authorization Header"). */
export class Signer {
  private today: { readonly date: string; readonly key: KeyObject } | undefined;

  constructor(private readonly account: { readonly accessKey: string; readonly secretKey: string; readonly region: string }) {}

  /** The headers to be sent. The body's SHA-256 is signed with them, so that the server refuses another body. */
  sign({ method, path, query, headers, sha256 }: Unsigned, now = new Date()): Record<string, string> {
    const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
    const date = time.slice(0, 8);
    const sent: Record<string, string> = { ...headers, 'x-amz-date': time, 'x-amz-content-sha256': sha256 };
    const names = Object.keys(sent).filter((name) => !notSigned.has(name)).sort();
    const signed = names.join(';');
    const canonical = [method, path, sorted(query), ...names.map((name) => `${name}:${sent[name]!.trim().replace(/ +/g, ' ')}`), '', signed, sha256].join('\n');
    const scope = `${date}/${this.account.region}/s3/aws4_request`;
    const signature = createHmac('sha256', this.keyOf(date)).update(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash('sha256', canonical)}`).digest('hex');
    return { ...sent, authorization: `AWS4-HMAC-SHA256 Credential=${this.account.accessKey}/${scope}, SignedHeaders=${signed}, Signature=${signature}` };
  }

  private keyOf(date: string): KeyObject {
    if (this.today?.date === date) return this.today.key;
    const key = [date, this.account.region, 's3', 'aws4_request'].reduce<Buffer>((secret, word) => createHmac('sha256', secret).update(word).digest(), Buffer.from(`AWS4${this.account.secretKey}`));
    this.today = { date, key: createSecretKey(key) };
    return this.today.key;
  }
}

function sorted(query: string): string {
  if (query === '') return '';
  const pairs = query.split('&').map((pair): readonly [string, string] => {
    const [name = '', value = ''] = pair.split('=', 2);
    return [name, value];
  });
  return pairs.sort(([one], [other]) => (one < other ? -1 : Number(one > other))).map(([name, value]) => `${name}=${value}`).join('&');
}

/** Percent-encoded as the signature wants it: all but letters, digits and `-._~`. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
