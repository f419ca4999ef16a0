import type SMTPTransport from 'nodemailer/lib/smtp-transport';
import { Refused } from '@coldroom/domain';

type TlsMode = 'required' | 'optional' | 'none';
const tlsModes: readonly string[] = ['required', 'optional', 'none'] satisfies TlsMode[];

/** Time limits of one conversation with the server, in milliseconds. */
export interface SmtpLimits {
  readonly connectMs: number;
  /** Between two answers. RFC 5321 prescribes ten minutes after the last byte: who gives up earlier sends twice. */
  readonly silenceMs: number;
}
export const usualLimits: SmtpLimits = { connectMs: 30_000, silenceMs: 600_000 };

/**
 * How to reach the server that `smtp://user:password@host:port?tls=MODE` or `smtps://...` names. Passwords and mail are
 * sent over TLS, unless `tls` says otherwise. `Refused` `SMTP_URL_INVALID`.
 */
export function smtpOptions(text: string, { connectMs, silenceMs }: SmtpLimits = usualLimits): SMTPTransport.Options {
  const url = new URL(text);
  const tls = url.searchParams.get('tls') ?? 'required';
  const unknown = [...url.searchParams.keys()].filter((key) => key !== 'tls');
  if (unknown.length > 0) throw invalid(`has a parameter that is not known: ${unknown.join(', ')}`);
  if (!tlsModes.includes(tls)) throw invalid(`has tls=${tls}; it can be ${tlsModes.join(', ')}`);
  if (url.hostname === '') throw invalid('names no host');
  const secure = url.protocol === 'smtps:';
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    requireTLS: !secure && tls === 'required',
    ignoreTLS: !secure && tls === 'none',
    ...(url.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
    connectionTimeout: connectMs,
    greetingTimeout: connectMs,
    socketTimeout: silenceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function invalid(why: string): Refused {
  return new Refused('SMTP_URL_INVALID', `SMTP_URL ${why}`);
}
