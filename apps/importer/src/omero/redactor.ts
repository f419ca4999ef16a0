/** Replaces secrets in a stream of bytes, also where one is split between two pieces. */
export class Redactor {
  private readonly secrets: readonly string[];
  private readonly longest: number;
  private held = '';

  constructor(secrets: readonly string[]) {
    // Bytes as characters: a secret of several bytes a character is found as well.
    this.secrets = secrets.filter((secret) => secret !== '').map((secret) => Buffer.from(secret).toString('latin1'));
    this.longest = Math.max(1, ...this.secrets.map(({ length }) => length));
  }

  /** What may be written; the last bytes are kept, as they may begin a secret. */
  push(piece: Buffer): Buffer {
    const text = this.clean(this.held + piece.toString('latin1'));
    const split = Math.max(0, text.length - (this.longest - 1));
    this.held = text.slice(split);
    return Buffer.from(text.slice(0, split), 'latin1');
  }

  end(): Buffer {
    return Buffer.from(this.clean(this.held), 'latin1');
  }

  private clean(text: string): string {
    return this.secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  }
}
