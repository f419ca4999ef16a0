import type { Usage } from '@coldroom/operations';
import type { UsageDay } from '@coldroom/register';
import type { Frame } from '../layout/html';
import type { Choice } from './input';

export interface UsageProps extends Frame {
  readonly choice: Choice;
  readonly usage: Usage;
  readonly days: readonly UsageDay[];
}
