interface Cause {
  readonly code?: string;
  readonly responseCode?: number;
  readonly command?: string;
  readonly message?: string;
}

/** What to do about a server that cannot be used with these settings; `cause` is what nodemailer threw. */
export function smtpAdvice(cause: unknown): string {
  const { code = '', responseCode, command = '', message = '' } = (cause ?? {}) as Cause;
  if (code === 'EAUTH' || responseCode === 535 || command.startsWith('AUTH'))
    return 'correct user and password in SMTP_URL (special characters are percent-encoded), or leave both out if the server needs none';
  if (command === 'STARTTLS' || /STARTTLS/i.test(message))
    return 'the server offers no STARTTLS: use its smtps:// port, or ?tls=none for a server on this machine';
  if (/certificate|self-signed|altnames/i.test(message))
    return 'use the name that is in the certificate; for an authority of your own set NODE_EXTRA_CA_CERTS';
  if (/wrong version number|ssl3_get_record|packet length/i.test(message))
    return 'smtps:// is for ports with TLS from the first byte (465); use smtp:// for this one';
  if (['EDNS', 'ENOTFOUND'].includes(code) || /ENOTFOUND|EAI_AGAIN/.test(message))
    return 'correct the host name in SMTP_URL';
  if (/greeting/i.test(message)) return 'another program answers on this port, or it expects smtps://; check SMTP_URL';
  return 'check host and port in SMTP_URL, and firewalls on the way';
}
