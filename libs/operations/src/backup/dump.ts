import { ColdroomError, Refused } from '@coldroom/domain';
import { connectionFor, type ProgramConnection } from './connection';
import { hide, programFailed } from './dump-failures';
import { encrypt, type Encryption } from './encryption';
import { feed, programEnv, startProgram, type Program, type ProgramEnd } from './programs';

export interface DumpOrder {
  /** `the register`, `OMERO's database`. */
  readonly about: string;
  readonly url: string;
  /** Only this schema of it. */
  readonly schema?: string | undefined;
  readonly encryption: Encryption | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The bytes of a dump in PostgreSQL's custom format. It ends only if pg_dump succeeded and pg_restore could list what it
 * wrote; otherwise it throws, however much it has yielded.
 */
export async function* dump(order: DumpOrder): AsyncGenerator<Buffer> {
  const connection = connectionFor(order.url);
  const env = programEnv(order.env, connection.env);
  const { signal } = order;
  const args = [
    ...['--format=custom', '--no-password', '--lock-wait-timeout=600000'],
    ...(order.schema === undefined ? [] : [`--schema=${order.schema}`]),
    `--dbname=${connection.url}`,
  ];
  const dumping = startProgram({ command: 'pg_dump', args, env, signal });
  const listing = startProgram({ command: 'pg_restore', args: ['--list'], env: programEnv(order.env, {}), signal });
  const listed = tablesIn(listing);
  listed.catch(() => undefined); // awaited below
  dumping.input.end();
  const encrypting = order.encryption && (await encrypt(order.encryption, order.env, signal));
  try {
    const plain = checked(order, connection, { dumping, listing, listed });
    if (!encrypting) return yield* plain;
    yield* through(encrypting.program, plain);
  } finally {
    for (const program of [dumping, listing, encrypting?.program]) program?.kill();
    await encrypting?.tidy();
  }
}

interface Running {
  readonly dumping: Program;
  readonly listing: Program;
  readonly listed: Promise<number>;
}

async function* checked(
  { about, signal }: DumpOrder,
  connection: ProgramConnection,
  { dumping, listing, listed }: Running,
): AsyncGenerator<Buffer> {
  for await (const piece of dumping.output as AsyncIterable<Buffer>) {
    await feed(listing.input, piece);
    yield piece;
  }
  listing.input.end();
  const end = await dumping.ended;
  if (signal?.aborted) throw stopped(signal);
  if (end.code !== 0) throw programFailed({ command: 'pg_dump', about }, end, connection);
  const [tables, ended] = [await listed, await listing.ended];
  if (ended.code !== 0 || tables === 0)
    throw new Refused(
      'BACKUP_NOT_LISTED',
      `pg_restore cannot list the dump of ${about} (${hide(ended.message, undefined) || `${tables} tables with data`}), so it is no backup. Nothing was kept, and no older one was removed`,
    );
}

/** Passes everything through a program; fails if it does. */
async function* through(program: Program, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let failed: { readonly error: unknown } | undefined;
  const feeding = (async () => {
    for await (const piece of source) await feed(program.input, piece);
    program.input.end();
  })().catch((error: unknown) => {
    failed = { error };
    program.kill(); // it must not end as if that had been all
  });
  for await (const piece of program.output as AsyncIterable<Buffer>) yield piece;
  const end: ProgramEnd = await program.ended;
  program.input.destroy(); // a program that has ended reads no more
  await feeding;
  if (failed) throw failed.error;
  if (end.code !== 0)
    throw new Refused(
      'BACKUP_ENCRYPTION_FAILED',
      `The dump could not be encrypted: ${hide(end.message, undefined) || `exit code ${end.code}`}. Nothing was kept. Check the recipient's key`,
    );
}

async function tablesIn(listing: Program): Promise<number> {
  let text = '';
  let tables = 0;
  for await (const piece of listing.output.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (text + piece).split('\n');
    text = lines.pop() ?? '';
    tables += lines.filter((line) => / TABLE DATA /.test(line)).length;
  }
  return tables;
}

/** Why it was stopped: because the lock on the register was lost, or from outside. */
export function stopped(signal: AbortSignal): Error {
  if (signal.reason instanceof ColdroomError) return signal.reason;
  return new Refused('BACKUP_STOPPED', 'The backup was stopped before its end. No backup was removed');
}
