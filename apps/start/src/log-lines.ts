/** A service's JSON log line in a form for people; anything else unchanged. */
export function readable(line: string, name: string): string {
  const fields = parse(line);
  if (!fields) return `${name.padEnd(15)} ${line}`;
  const { time, level, service: _service, event, ...rest } = fields;
  const details = Object.entries(rest)
    .map(([key, value]) => `${key}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(' ');
  const warning = level === 'warn' || level === 'error' ? `${String(level).toUpperCase()} ` : '';
  return `${String(time).slice(11, 19)} ${name.padEnd(15)} ${warning}${String(event)}${details ? `: ${details}` : ''}`;
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'event' in value
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined; // not JSON: printed unchanged
  }
}
