import { existsSync } from 'node:fs';
import { Refused, Transient } from '@coldroom/domain';
import { Counter } from 'prom-client';
import { Log, Readiness, startService } from '..';

class Sample {}

const wanted = new Counter({ name: 'coldroom_sample_total', help: 'What the sample counts' });

/** A minimal service, for tests of what all services share. It is not ready while the file SAMPLE_BROKEN exists. */
void startService('sample', ['register', 'redis'], () => ({
  module: Sample,
  providers: [
    {
      provide: 'work',
      inject: [Readiness, Log],
      useFactory: (readiness: Readiness, log: Log) => {
        const failure = process.env['SAMPLE_FAILS'];
        if (failure === 'transient') throw new Transient('STORE_UNAVAILABLE', 'The store main is unavailable');
        if (failure === 'refused') throw new Refused('STORE_INSIDE_OMERO', 'The store is inside OMERO');
        if (failure === 'unknown') throw new TypeError('something is undefined');
        wanted.inc(3);
        readiness.add('disk', async () => {
          if (existsSync(process.env['SAMPLE_BROKEN'] ?? '')) throw new Error('the disk is unavailable');
        });
        readiness.add('register', async () => undefined);
        log.info('line', {
          text: 'new\nline "quoted" \u2028',
          id: 2n ** 63n,
          nested: { error: new Refused('CODE', 'why', { fileId: 7n }) },
          fault: new Error('deep'),
        });
        log.debug('hidden');
        return 'work';
      },
    },
  ],
}));
