import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, Transient } from '@coldroom/domain';

/**
 * For `sh -c`, before the words of a program that becomes the leader of its group: a second process of the group waits
 * for the end of file on descriptor 3 and then kills the group. Its other end is in the parent, so that the group ends
 * with the parent, however that ends. Killing `omero` alone leaves its Java, which goes on importing.
 */
export const guarded = '(exec >/dev/null 2>&1; read -r _ <&3; kill -KILL 0) & exec 3<&-; exec "$@"';

/** May be repeated; a group that has ended is left alone. */
export function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

/**
 * Resolves when no process of a killed group runs. A process that waits for a disk or a network ends only when the answer
 * arrives: `Transient` `OMERO_COMMAND_STILL_RUNS` after `limitMs`.
 */
export async function groupGone(leader: number, limitMs = 30_000): Promise<void> {
  for (const end = Date.now() + limitMs; ; await sleep(50)) {
    const running = await runningIn(leader);
    if (running.length === 0) return;
    if (Date.now() > end)
      throw new Transient(
        'OMERO_COMMAND_STILL_RUNS',
        `Processes of omero were killed and still run: ${running.join(', ')}. They wait for a disk or the network; look for a file system that does not answer.`,
        { processes: running },
      );
  }
}

/** Zombies are left out: they run nothing, and in a container it may be that no process collects them. */
async function runningIn(group: number): Promise<readonly number[]> {
  const found = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(found.map((pid) => readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')));
  return found.flatMap((pid, index) => {
    // The second field is a name in parentheses, which may have any characters: proc_pid_stat(5).
    const [state = '', , pgrp = ''] = stats[index]!.slice(stats[index]!.lastIndexOf(')') + 2).split(' ');
    return Number(pgrp) === group && !['Z', 'X', ''].includes(state) ? [Number(pid)] : [];
  });
}
