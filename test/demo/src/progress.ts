import type { Register, StageProgress } from '@coldroom/register';
import { progressLine, renderProgress } from '@coldroom/terminal';

const plainEveryMs = 3000;
const rateOverMs = 5000;

export interface ProgressDisplay {
  show(): Promise<void>;
}

/** Shows how far each stage is: redrawn on a terminal, a plain line now and then elsewhere. */
export function showProgress(register: Register, out: NodeJS.WriteStream): ProgressDisplay {
  const readings: { readonly at: number; readonly rows: readonly StageProgress[] }[] = [];
  let [drawn, lastPlain] = [0, 0];
  return {
    show: async () => {
      const now = { at: Date.now(), rows: await register.reports.progress() };
      if (now.rows.length === 0) return; // approved, but not packed yet
      readings.push(now);
      while (readings.length > 2 && (readings[1]?.at ?? 0) < now.at - rateOverMs) readings.splice(1, 1);
      const [start, before] = [readings[0] ?? now, readings[1] ?? now];
      if (out.isTTY) {
        const lines = renderProgress(before.rows, now.rows, now.at - before.at, start.rows);
        out.write(`${drawn > 0 ? `\x1b[${drawn}A\x1b[J` : ''}${lines.map((line) => `  ${line}\n`).join('')}`);
        drawn = lines.length;
      } else if (now.at - lastPlain >= plainEveryMs) {
        lastPlain = now.at;
        out.write(`  ${progressLine(before.rows, now.rows, now.at - before.at, start.rows)}\n`);
      }
    },
  };
}
