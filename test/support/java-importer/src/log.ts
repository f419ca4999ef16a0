import { writeSync } from 'node:fs';

const started = Date.now();

/** A line on stderr as the importer's own logging writes it. Below INFO nothing is written, as by default. */
export function log(level: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR', text: string, logger = 'formats.importer'): void {
  if (level === 'DEBUG') return;
  const time = new Date().toISOString().replace('T', ' ').replace('.', ',').slice(0, -1);
  const age = String(Date.now() - started).padEnd(10);
  writeSync(2, `${time} ${age} [      main] ${level.padEnd(6)} ${logger.padStart(40)} - ${text}\n`);
}
