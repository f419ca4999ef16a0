export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/** Longer ones cannot be used in SMTP. */
const longest = 254;

/**
 * Whether mail can be sent to this text: one address, nothing around it. Whether the mailbox exists, only its server
 * knows.
 */
export function isAddress(text: string): boolean {
  return (
    text.length <= longest &&
    /^[^\s\p{Cc}"(),:;<>@[\\\]]{1,64}@[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?(\.[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?)*$/u.test(
      text,
    )
  );
}

/** Reads `Name <address>` or an address alone; undefined for anything else. */
export function parseMailbox(text: string): Mailbox | undefined {
  const [, quoted, plain, bracketed] = /^(?:"([^"]*)"|([^"<>]*))\s*<([^<>]*)>$/.exec(text.trim()) ?? [];
  const [name, address] = bracketed === undefined ? ['', text.trim()] : [quoted ?? plain ?? '', bracketed];
  return isAddress(address) ? { name: oneLine(name), address } : undefined;
}

/** A text that fits into one line of a header: without line breaks and other control characters. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}
