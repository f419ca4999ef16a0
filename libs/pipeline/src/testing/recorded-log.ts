import { Log, type LogFields, type LogLevel } from '@coldroom/runtime';

export interface LogLine {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields | string;
}

/** Keeps log lines instead of printing them. */
export class RecordedLog extends Log {
  readonly lines: LogLine[] = [];

  constructor() {
    super('test');
  }

  override info(event: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'info', event, fields });
  }
  override warn(event: string, fields: LogFields | string = {}): void {
    this.lines.push({ level: 'warn', event, fields });
  }
  override error(event: string, fields: LogFields | string = {}): void {
    this.lines.push({ level: 'error', event, fields });
  }
  override debug(event: string, fields: LogFields | string = {}): void {
    this.lines.push({ level: 'debug', event, fields });
  }

  /** The fields of all lines of this event. */
  of(event: string): readonly LogFields[] {
    return this.lines
      .filter((line) => line.event === event)
      .map(({ fields }) => (typeof fields === 'string' ? { message: fields } : fields));
  }
}
