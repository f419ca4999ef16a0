/** The text that replaces a secret. */
export const hidden = '***';

/** Whether a field of this name contains a secret. */
export function isSecret(name: string): boolean {
  return /(?:password|passphrase|secret|secret_?key|token|authorization|cookie)$/i.test(name);
}

/** Hides the secrets in a text, such as a password in a server's message or in a URL. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/([a-z][\w+.-]*:\/\/[^\s:/@]*:)[^\s/]+(?=@)/gi, `$1${hidden}`)
    .replace(/([?&][^\s=&]*(?:pass|secret|token)[^\s=&]*=)[^\s&"']+/gi, `$1${hidden}`);
}
