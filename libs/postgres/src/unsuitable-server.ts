/**
 * A PostgreSQL that is reached and cannot be used; the message goes on from the name of the setting with its URL.
 * `pooled`: a pooler in front of it changes the session between statements. `standby`: it follows another server.
 * `readOnly`: it is set to refuse writes. `silent`: it lets us in and then does not answer.
 */
export class UnsuitableServer extends Error {
  override readonly name = 'UnsuitableServer';

  constructor(readonly why: keyof typeof messages) {
    super(messages[why]);
  }
}

const messages = {
  pooled:
    'leads to a pooler that gives each transaction another session, which loses locks and settings; set pool_mode = session for this database in pgbouncer.ini, or name PostgreSQL itself',
  standby:
    'leads to a standby, which can only be read; work continues when it is promoted, or when the address leads to the primary again',
  readOnly:
    'leads to a server that refuses writes (default_transaction_read_only is on); work continues when that is off',
  silent:
    'leads to a server that accepts connections and does not answer; if it is a pooler, all its connections may be in use (default_pool_size in pgbouncer.ini)',
} as const;
