import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Module, type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { collectDefaultMetrics } from 'prom-client';
import { codeOf, ColdroomError, killAtCrashPoints, messageOf } from '@coldroom/domain';
import { HealthController, Readiness } from './health';
import { Log } from './log';
import { readSettings, SettingsError, shownSettings, type Settings } from './settings';

/** Exit codes of all Coldroom programs; docs/use.md lists them. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  partly: 3,
  notFound: 4,
  temporary: 5,
  settings: 10,
  held: 11,
  notAllowed: 12,
} as const;

@Module({})
class ServiceRoot {
  static with(inner: DynamicModule, log: Log): DynamicModule {
    return {
      module: ServiceRoot,
      global: true,
      imports: [inner],
      controllers: [HealthController],
      providers: [Readiness, { provide: Log, useValue: log }],
      exports: [Readiness, Log],
    };
  }
}

type Part = Parameters<typeof readSettings>[0][number];

/**
 * Starts a service: settings, log, health and metrics, orderly shutdown on SIGTERM. Invalid settings end the process
 * with code 10.
 * @param build makes the service's module from its settings
 * @param until for a service that ends by itself: resolves when its work is done
 */
export async function startService<P extends Part>(
  name: string,
  parts: readonly P[],
  build: (settings: Settings<P | 'service'>) => DynamicModule,
  { until }: { readonly until?: (app: INestApplicationContext) => Promise<void> } = {},
): Promise<void> {
  try {
    const settings = readSettings([...parts, 'service']) as Settings<P | 'service'>;
    const own = settings as Settings<'service'>;
    const log = new Log(name, own.LOG_LEVEL);
    const crashes = { crashAt: own.COLDROOM_CRASH_AT, freezeAt: own.COLDROOM_FREEZE_AT };
    killAtCrashPoints(crashes, (signal) => process.kill(process.pid, signal));
    endWithin(own.COLDROOM_STOP_GRACE);
    collectDefaultMetrics({ prefix: 'coldroom_' });
    log.info('starting', { settings: shownSettings(settings as Record<string, unknown>) });
    const app = await NestFactory.create(ServiceRoot.with(build(settings), log), { logger: log, abortOnError: false });
    app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
    await app.listen(own.METRICS_PORT, own.METRICS_HOST);
    log.info('started', { address: await app.getUrl(), pid: process.pid });
    if (until) await endAfter(until(app), app, log);
  } catch (error) {
    endWith(name, error);
  }
}

async function endAfter(work: Promise<void>, app: INestApplicationContext, log: Log): Promise<never> {
  const failed = await work.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  if (failed) log.error('drain failed', failed);
  else log.info('drained');
  await app.close();
  process.exit(failed ? exitCodes.failed : exitCodes.ok);
}

/** Reports why a program cannot continue, and ends it with the matching exit code. */
export function endWith(name: string, error: unknown): never {
  const log = new Log(name);
  if (error instanceof SettingsError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(exitCodes.settings);
  }
  log.error(
    'cannot start',
    error instanceof ColdroomError ? { error } : { code: codeOf(error), message: messageOf(error), error },
  );
  process.exit(error instanceof ColdroomError && error.kind === 'transient' ? exitCodes.temporary : exitCodes.failed);
}

/** A lost Redis or a hung disk must not prevent a service from ending. */
function endWithin(graceMs: number): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => setTimeout(() => process.exit(exitCodes.failed), graceMs).unref());
  }
}
