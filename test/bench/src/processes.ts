import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningService } from '@coldroom/runtime/process';

/** What one process used. */
export interface Used {
  readonly name: string;
  readonly peakBytes: number;
  readonly cpuSeconds: number;
}

export async function untilStarted(service: RunningService): Promise<void> {
  while (!service.lines.some((line) => line.includes('"event":"started"'))) {
    if (await Promise.race([service.exited, sleep(50)]))
      throw new Error(`${service.name} did not start:\n${service.lines.slice(-5).join('\n')}`);
  }
}

/** Waits a moment; throws if a service ended by itself. */
export async function orEnded(running: readonly RunningService[]): Promise<void> {
  const ended = await Promise.race([
    ...running.map(async (service) => {
      await service.exited;
      return service;
    }),
    sleep(100),
  ]);
  if (ended) throw new Error(`${ended.name} ended:\n${ended.lines.slice(-5).join('\n')}`);
}

/** Of a running process, since it started. */
export function peakMemory(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

/** User and system time of a running process; the kernel counts ticks of 10 ms. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export function sayUsed(processes: readonly Used[]): void {
  for (const { name, peakBytes, cpuSeconds: seconds } of processes)
    console.log(
      `    ${name.padEnd(15)} ${seconds.toFixed(1)} s of processor time, at most ${Math.round(peakBytes / 2 ** 20)} MiB`,
    );
}
