import type { WriteStream } from 'node:tty';
import { workStates } from '@coldroom/domain';
import type { Register, StageProgress } from '@coldroom/register';
import { bytes, duration } from './words';

const stages = [['approved', 'hash'], ['checksummed', 'copy'], ['transferred', 'verify'], ['verified', 'store'], ['durable', 'link']] as const;
const plainEveryMs = 3000;

/** Shows how far each stage is: redrawn on a terminal, a plain line now and then elsewhere. */
export function showProgress(register: Register, out: NodeJS.WriteStream | WriteStream): { show(): Promise<void>; end(): void } {
  const start = Date.now();
  let [drawn, lastPlain] = [0, 0];
  return {
    show: async () => {
      const rows = await register.overview.progress();
      const lines = progressLines(rows, Date.now() - start);
      if (out.isTTY) {
        out.write(`${drawn > 0 ? `\x1b[${drawn}A` : ''}${lines.map((line) => `\x1b[2K${line}\n`).join('')}`);
        drawn = lines.length;
      } else if (Date.now() - lastPlain >= plainEveryMs) {
        lastPlain = Date.now();
        out.write(`  ${lines.map((line) => line.trim().replace(/\s+/g, ' ')).join(' | ')}\n`);
      }
    },
    end: () => { if (out.isTTY) out.write('\n'); },
  };
}

function progressLines(rows: readonly StageProgress[], elapsedMs: number): readonly string[] {
  const files = rows.reduce((sum, row) => sum + row.files, 0);
  const total = rows.reduce((sum, row) => sum + Number(row.bytes), 0);
  let all = 0;
  const lines = stages.map(([state, name]) => {
    const past = rows.filter((row) => rank(row.state) > rank(state));
    const inside = rows.filter((row) => row.state === state).reduce((sum, row) => sum + Number(row.doneBytes), 0);
    const done = past.reduce((sum, row) => sum + Number(row.bytes), 0) + inside;
    const share = total > 0 ? done / total : 0;
    all += share / stages.length;
    return `  ${name.padEnd(7)} ${bar(share)} ${String(Math.floor(share * 100)).padStart(3)} %  ${past.reduce((sum, row) => sum + row.files, 0)} of ${files} files  ${bytes(done)}`;
  });
  const rate = all * total / Math.max(1, elapsedMs / 1000);
  const left = all > 0.02 ? `about ${duration(elapsedMs * (1 - all) / all)} left` : '';
  return [...lines, `  ${bytes(rate)}/s  ${duration(elapsedMs)} so far  ${left}`];
}

function rank(state: StageProgress['state']): number {
  return state === 'done' ? workStates.length : workStates.indexOf(state);
}

function bar(share: number): string {
  const full = Math.round(share * 20);
  return `[${'#'.repeat(full)}${' '.repeat(20 - full)}]`;
}
