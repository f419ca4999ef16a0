import type { Register } from '@coldroom/register';
import { ProgressMeter, progressLine, renderProgress } from '@coldroom/terminal';

const plainEveryMs = 3000;

export interface ProgressDisplay {
  show(): Promise<void>;
}

/** Shows the progress of each stage: redrawn on a terminal, elsewhere a plain line from time to time. */
export function showProgress(register: Register, out: NodeJS.WriteStream): ProgressDisplay {
  let meter: ProgressMeter | undefined;
  let [drawn, lastPlain] = [0, 0];
  return {
    show: async () => {
      meter ??= await ProgressMeter.of(register);
      const pace = await meter.read(register);
      const { stages, at } = meter.last;
      if (stages.length === 0) return; // approved, but not packed yet
      if (out.isTTY) {
        const lines = renderProgress(stages, pace);
        out.write(`${drawn > 0 ? `\x1b[${drawn}A\x1b[J` : ''}${lines.map((line) => `  ${line}\n`).join('')}`);
        drawn = lines.length;
      } else if (at - lastPlain >= plainEveryMs) {
        lastPlain = at;
        out.write(`  ${progressLine(stages, pace)}\n`);
      }
    },
  };
}
