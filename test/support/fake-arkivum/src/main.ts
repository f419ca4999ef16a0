import { parseArgs } from 'node:util';
import { readFaults } from './faults';
import { startFakeArkivum } from './server';

/**
 * `node dist/main.js --dir DIR --mount DIR [--faults FILE] [--pace JSON] [--port N]`: prints its address as one line of
 * JSON, ends on SIGTERM and SIGINT.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string' },
      mount: { type: 'string' },
      faults: { type: 'string' },
      pace: { type: 'string' },
      port: { type: 'string' },
    },
  });
  if (!values.dir || !values.mount) throw new Error('--dir and --mount are needed');
  const fake = await startFakeArkivum({
    dir: values.dir,
    mount: values.mount,
    port: Number(values.port ?? 0),
    ...(values.faults ? { faults: readFaults(values.faults) } : {}),
    ...(values.pace ? { pace: JSON.parse(values.pace) as Record<string, number> } : {}),
  });
  // SIGHUP reads the fault script again: a demo can then make the appliance fail while it runs.
  process.on('SIGHUP', () => fake.setFaults(values.faults ? readFaults(values.faults) : []));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void fake.stop());
  process.stdout.write(`${JSON.stringify({ url: fake.url, caFile: fake.caFile })}\n`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
