/** The head of a mail with unfolded lines, by lower-case name. */
export function headersOf(raw: string): ReadonlyMap<string, string> {
  const head = raw.slice(0, raw.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ');
  return new Map(
    head.split('\r\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), decodedWords(line.slice(colon + 1).trim())];
    }),
  );
}

/** The decoded part of this type. */
export function partOf(raw: string, type: string): string {
  const boundary = /boundary="([^"]+)"/.exec(headersOf(raw).get('content-type') ?? '')?.[1];
  const part = raw
    .split(`--${boundary}`)
    .find((one) => headersOf(one.trimStart()).get('content-type')?.startsWith(type));
  if (part === undefined) return '';
  const [head, body] = [part.trimStart(), part.slice(part.indexOf('\r\n\r\n') + 4)];
  const encoding = headersOf(head).get('content-transfer-encoding');
  return (encoding === 'base64' ? Buffer.from(body, 'base64').toString() : unquoted(body, encoding)).replaceAll(
    '\r\n',
    '\n',
  );
}

function unquoted(body: string, encoding: string | undefined): string {
  return encoding === 'quoted-printable' ? bytesOf(body.replace(/=\r\n/g, '')) : body;
}

function decodedWords(text: string): string {
  return text
    .replace(/\?= =\?/g, '?==?')
    .replace(/=\?utf-8\?(b|q)\?([^?]*)\?=/gi, (_all, kind: string, word: string) =>
      kind.toLowerCase() === 'b' ? Buffer.from(word, 'base64').toString() : bytesOf(word.replaceAll('_', ' ')),
    );
}

function bytesOf(text: string): string {
  return Buffer.from(
    text.replace(/=([\dA-F]{2})/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  ).toString();
}
