import { coldroom, type Ended } from './command-line';
import type { AuditScene } from './audit-scene';

/** What `coldroom audit --json` prints. */
export interface AuditDocument {
  readonly clean: boolean;
  readonly looked: Readonly<Record<string, number>>;
  readonly findings: readonly {
    readonly code: string;
    readonly total: number;
    readonly shown: readonly { readonly object: string; readonly remedy: string }[];
  }[];
  readonly notLookedAt: readonly { readonly part: string; readonly reason: string; readonly things: number | null }[];
}

export function auditCommand(
  scene: AuditScene,
  words: readonly string[] = [],
  changes: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return coldroom(['audit', '--json', ...words], { ...scene.env, ...changes });
}
