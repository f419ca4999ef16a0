import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Gauge, register as metrics } from 'prom-client';
import { Queues } from '@coldroom/pipeline';

/** As BullMQ's own exporter names it. */
const name = 'bullmq_job_count';

/** Shows how many jobs are on each queue when the metrics are read; nothing while Redis does not answer. */
@Injectable()
export class QueueMetrics implements OnApplicationBootstrap {
  constructor(private readonly queues: Queues) {}

  onApplicationBootstrap(): void {
    const { queues } = this;
    metrics.removeSingleMetric(name); // of a console that ran before in the same process
    new Gauge({
      name,
      help: 'Jobs by queue and state; the register decides what is due',
      labelNames: ['queue', 'state'],
      async collect() {
        this.reset();
        const counts = await queues.counts().catch(() => []); // the queues are a hint; readyz says that Redis is away
        for (const { stage, ...states } of counts)
          for (const [state, count] of Object.entries(states)) this.set({ queue: stage, state }, count);
      },
    });
  }
}
