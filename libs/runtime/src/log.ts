import type { LoggerService } from '@nestjs/common';
import { ColdroomError } from '@coldroom/domain';
import { hidden, isSecret, withoutSecrets } from './secrets';

const levels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof levels)[number];
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes one JSON object per line to standard output, without secrets. Also serves as the logger of NestJS. */
export class Log implements LoggerService {
  constructor(
    private readonly service: string,
    private readonly level: LogLevel = 'info',
  ) {}

  /** A stable event name, and what a person needs in order to act. */
  info(event: string, fields: LogFields = {}): void {
    this.write('info', event, fields);
  }
  warn(event: string, fields: LogFields | string = {}): void {
    this.write('warn', event, asFields(fields));
  }
  error(event: string, fields: LogFields | string = {}): void {
    this.write('error', event, asFields(fields));
  }
  debug(event: string, fields: LogFields | string = {}): void {
    this.write('debug', event, asFields(fields));
  }
  log(message: string): void {
    this.write('debug', message, {});
  }

  /** NestJS passes errors on as they were thrown. */
  private write(level: LogLevel, event: unknown, fields: LogFields): void {
    if (levels.indexOf(level) < levels.indexOf(this.level)) return;
    const named = typeof event === 'string' ? { event } : { event: 'framework', error: event };
    process.stdout.write(
      `${JSON.stringify({ time: new Date().toISOString(), level, service: this.service, ...named, ...fields }, plain)}\n`,
    );
  }
}

function asFields(fields: LogFields | string): LogFields {
  return typeof fields === 'string' ? { message: fields } : fields;
}

/** A refusal is expected and has no stack; any other error has one. */
function plain(key: string, value: unknown): unknown {
  if (isSecret(key) && value !== undefined && value !== null) return hidden;
  if (typeof value === 'string') return withoutSecrets(value);
  if (typeof value === 'bigint') return value.toString();
  // Details may contain the code of a server or of the system: it must not replace Coldroom's own code.
  if (value instanceof ColdroomError) return { ...value.details, code: value.code, message: value.message };
  if (value instanceof Error) return { message: value.message, stack: value.stack };
  return value;
}
