import { isAddress } from '@coldroom/mail';
import type { Person } from '@coldroom/register';

/** Where mail to a person goes, as OMERO has it, or why none can be sent. */
export type Email =
  | { readonly address: string; readonly problem: null }
  | { readonly address: string | null; readonly problem: 'missing' | 'invalid' };

export function emailOf({ email }: Pick<Person, 'email'>): Email {
  const address = email?.trim() ?? '';
  if (address === '') return { address: null, problem: 'missing' };
  return { address, problem: isAddress(address) ? null : 'invalid' };
}
