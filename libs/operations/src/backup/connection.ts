/** What libpq knows of the parameters that a URL of ours may have; it refuses any other. */
const known = [
  'host',
  'port',
  'user',
  'dbname',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'connect_timeout',
  'target_session_attrs',
  'channel_binding',
  'gssencmode',
];

export interface ProgramConnection {
  /** For `--dbname`, without the password. */
  readonly url: string;
  /** For the environment of the program: other users see arguments, but not this. */
  readonly env: Readonly<Record<string, string>>;
  /** Hidden in whatever a program says. */
  readonly password: string | undefined;
  /** `server:port/database`, for people. */
  readonly shown: string;
}

/** The authorities that Debian and its descendants trust. */
const authorities = '/etc/ssl/certs/ca-certificates.crt';
/** Our driver checks the server's certificate and name in all of these; libpq does so in `verify-full` alone. */
const checkedModes = ['prefer', 'require', 'verify-ca', 'verify-full'];

/** How PostgreSQL's programs connect to a database of our settings, with the same rules for TLS as our driver has. */
export function connectionFor(text: string): ProgramConnection {
  const url = new URL(text);
  const password = url.password === '' ? url.searchParams.get('password') : decodeURIComponent(url.password);
  url.password = '';
  const mode = url.searchParams.get('sslmode');
  for (const name of [...url.searchParams.keys()]) if (!known.includes(name)) url.searchParams.delete(name);
  if (mode === 'no-verify') url.searchParams.set('sslmode', 'require'); // of our driver only
  if (mode !== null && checkedModes.includes(mode)) {
    url.searchParams.set('sslmode', 'verify-full');
    if (!url.searchParams.has('sslrootcert')) url.searchParams.set('sslrootcert', authorities);
  }
  const host = url.searchParams.get('host') ?? url.hostname;
  return {
    url: url.href,
    password: password ?? undefined,
    env: {
      ...(password === null ? {} : { PGPASSWORD: password }),
      PGAPPNAME: 'coldroom backup',
      PGCONNECT_TIMEOUT: '10',
      PGTZ: 'UTC',
    },
    shown: `${host}${url.port === '' ? '' : `:${url.port}`}${decodeURIComponent(url.pathname)}`,
  };
}
