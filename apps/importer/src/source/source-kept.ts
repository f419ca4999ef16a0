import { NotYet } from '@coldroom/domain';

export const hour = 3_600_000;
export const day = 24 * hour;

/** Why the source of a done order stays, and when this is decided again. */
export function kept(why: string, delayMs: number): NotYet {
  return new NotYet('IMPORT_SOURCE_KEPT', `Nothing of the source is removed: ${why.replace(/\.$/, '')}.`, {
    delayMs,
    noDeadline: true,
  });
}
