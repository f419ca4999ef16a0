import { agentRole, createToken, revokeToken, tokenRoles } from '@coldroom/operations';
import { formatTime, left, table } from '@coldroom/terminal';
import type { CliCommand } from '../command';

interface CreateOptions {
  readonly role: string;
  readonly days: string;
  readonly buffer?: string;
  readonly person?: readonly string[];
  readonly by: string;
}

export function addTokens(program: CliCommand): void {
  const tokens = program.command('tokens').description('access tokens, with which machines use the REST API');
  tokens
    .command('create')
    .argument('<name>', 'what events name it by')
    .description('make a token; it is shown once and cannot be shown again')
    .requiredOption('--role <role>', [...tokenRoles, agentRole].join(', '))
    .option('--buffer <name>', 'for the role agent: the buffer that the workstation uploads to')
    .option('--person <login...>', 'for the role agent: the OMERO users for whom it orders imports')
    .option('--days <days>', 'how long it is valid, up to 366', '90')
    .by()
    .examples(
      'tokens create grafana --role auditor --days 365',
      'tokens create confocal-2 --role agent --buffer main --person alice bob --days 365',
    )
    .runs(async (context, name: string, { role, days, buffer, person, by }: CreateOptions) => {
      const workstation = buffer === undefined && !person ? undefined : { buffer: buffer ?? '', people: person ?? [] };
      const { token, secret } = await context.register((register) =>
        createToken(register, { name, role, workstation, days: Number(days), by }),
      );
      context.out.note(`Keep it in a file that only the machine reads. It ends ${formatTime(token.expiresAt)}.`);
      return { document: { ...token, token: secret }, lines: secret };
    });
  tokens
    .command('list')
    .description('all tokens, without what they consist of')
    .runs(async (context) => {
      const found = await context.register((register) => register.tokens.list());
      const now = new Date();
      const state = ({ revokedAt, expiresAt }: (typeof found)[number]): string =>
        revokedAt ? 'revoked' : expiresAt > now ? 'valid' : 'expired';
      return {
        document: { tokens: found },
        lines:
          found.length === 0
            ? 'No tokens.'
            : table(
                [left('name'), left('role'), left('state'), left('ends'), left('last used'), left('uploads')],
                found.map((token) => [
                  token.name,
                  token.role,
                  state(token),
                  formatTime(token.expiresAt),
                  token.lastUsedAt ? formatTime(token.lastUsedAt) : 'never',
                  token.buffer === null ? '' : `to ${token.buffer} for ${(token.people ?? []).join(', ')}`,
                ]),
              ),
      };
    });
  tokens
    .command('revoke')
    .argument('<name>')
    .description('refuse a token from now on')
    .by()
    .runs(async (context, name: string, { by }: Pick<CreateOptions, 'by'>) => {
      await context.register((register) => revokeToken(register, name, by));
      return { document: { revoked: name }, lines: `Revoked: ${name}` };
    });
}
