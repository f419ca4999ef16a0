import type { Imports } from '@coldroom/buffers';
import type { InstrumentRound, PulledSet, Register } from '@coldroom/register';
import { notFound } from '../failure';

/** An instrument of the imports file, and what was pulled from it. */
export interface InstrumentStatus {
  readonly name: string;
  readonly from: string;
  readonly buffer: string;
  readonly everyMs: number;
  /** Null before its first round. */
  readonly round: InstrumentRound | null;
  readonly arrived: number;
  readonly waiting: number;
  readonly faults: number;
}

export async function listInstruments(register: Register, imports: Imports): Promise<readonly InstrumentStatus[]> {
  const rounds = await register.imports.pulls.instruments();
  return Promise.all(
    imports.instruments.map(async ({ name, from, into, every }) => ({
      name,
      from,
      buffer: into.buffer,
      everyMs: every,
      round: rounds.find((round) => round.name === name) ?? null,
      ...(await register.imports.pulls.counts(name)),
    })),
  );
}

/** The sets of an instrument: first those that wait, with the reason. `Refused` `NO_SUCH_INSTRUMENT`. */
export async function listPulls(
  register: Register,
  imports: Imports,
  name: string,
  limit: number,
): Promise<readonly PulledSet[]> {
  checkInstrument(imports, name);
  return register.imports.pulls.sets(name, limit);
}

/** The importer begins a round of this instrument at once. `Refused` `NO_SUCH_INSTRUMENT`. */
export async function askPull(register: Register, imports: Imports, name: string, by: string): Promise<void> {
  checkInstrument(imports, name);
  await register.imports.pulls.ask(name, by);
}

function checkInstrument({ instruments }: Imports, name: string): void {
  if (instruments.some((instrument) => instrument.name === name)) return;
  const names = instruments.map((instrument) => instrument.name).join(', ') || 'none';
  throw notFound(`instrument ${JSON.stringify(name)}`, 'NO_SUCH_INSTRUMENT', `the imports file has: ${names}`);
}
