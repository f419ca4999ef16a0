import { Controller, Get, Header, Injectable, ServiceUnavailableException } from '@nestjs/common';
import { register as metrics } from 'prom-client';
import { messageOf } from '@coldroom/domain';

/** What must work before a service can do its work. */
@Injectable()
export class Readiness {
  private readonly checks = new Map<string, () => Promise<unknown>>();

  add(name: string, check: () => Promise<unknown>): void {
    this.checks.set(name, check);
  }

  /** The failing checks with their messages; empty if all checks pass. */
  async failures(): Promise<Readonly<Record<string, string>>> {
    const results = await Promise.all(
      [...this.checks].map(async ([name, check]) => {
        try {
          await check();
          return [];
        } catch (error) {
          return [[name, messageOf(error)] as const];
        }
      }),
    );
    return Object.fromEntries(results.flat());
  }
}

@Controller()
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** The process is alive and its event loop runs. */
  @Get('healthz')
  healthz(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('readyz')
  async readyz(): Promise<{ status: 'ok' }> {
    const failures = await this.readiness.failures();
    if (Object.keys(failures).length > 0) throw new ServiceUnavailableException({ status: 'not ready', failures });
    return { status: 'ok' };
  }

  @Get('metrics')
  @Header('Content-Type', metrics.contentType)
  async metrics(): Promise<string> {
    return metrics.metrics();
  }
}
