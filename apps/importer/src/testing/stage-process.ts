import { Imports, parseImports } from '@coldroom/buffers';
import { killAtCrashPoints } from '@coldroom/domain';
import { Files } from '@coldroom/files';
import { Register } from '@coldroom/register';
import { readInRepository } from './repository-look';
import { runStage, stagesOf, type Stages } from './source-scene';

/** Runs one stage in this process, which is killed at a crash point: in a thread that works on files, or here. */
export async function runToCrash(task: {
  readonly url: string;
  readonly repository: string;
  readonly settings: string;
  readonly stage: keyof Stages;
  readonly id: string;
  readonly point: string;
}): Promise<void> {
  killAtCrashPoints({ crashAt: task.point }, (signal) => process.kill(process.pid, signal));
  const files = new Files({ threads: 1, crashAt: task.point });
  const imports = new Imports(parseImports({ buffers: JSON.parse(task.settings) }), '/nowhere');
  const look = async (_order: unknown, file: Parameters<typeof readInRepository>[1]) =>
    readInRepository(task.repository, file);
  const options = { stableMs: 0, removalStopped: async () => false };
  const register = new Register(task.url);
  await runStage(register, stagesOf(files, register, imports, look, options)[task.stage], BigInt(task.id));
  await register.close();
  await files.close();
}
