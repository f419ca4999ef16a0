import { Refused } from '@coldroom/domain';

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

/** The mailbox that `where` names; `Refused` `MAIL_ADDRESS_INVALID` if nothing can be sent to it. */
export function mailboxOf(where: string, text: string): Mailbox {
  const mailbox = parseMailbox(text);
  if (!mailbox)
    throw new Refused('MAIL_ADDRESS_INVALID', `${where} has "${oneLine(text)}", which is no e-mail address`);
  return mailbox;
}

/** A text that fits into one line of a header: without line breaks and other control characters. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}
