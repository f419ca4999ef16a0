import { createToken } from '@coldroom/operations';
import type { RunningConsole } from './running-console';

/** Pages for those who look after the whole facility, by what is on them. */
export async function pagesOfOversight({
  register,
}: Pick<RunningConsole, 'register'>): Promise<Readonly<Record<string, string>>> {
  await createToken(register, { name: 'grafana', role: 'auditor', days: 365, by: 'root' });
  await createToken(register, { name: 'old-script', role: 'manager', days: 30, by: 'root' });
  await register.tokens.revoke('old-script', 'root');
  return { people: 'people', 'no people': 'people?text=nowhere' };
}
