/** What is written in place of a secret. */
export const hidden = '***';

/** Whether a field of this name holds a secret. */
export function isSecret(name: string): boolean {
  return /(?:password|passphrase|secret|secret_?key|token|authorization|cookie)$/i.test(name);
}

/** Text in which a server's message or a URL may name a password. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/([a-z][\w+.-]*:\/\/[^\s:/@]*:)[^\s/]+(?=@)/gi, `$1${hidden}`)
    .replace(/([?&][^\s=&]*(?:pass|secret|token)[^\s=&]*=)[^\s&"']+/gi, `$1${hidden}`);
}
