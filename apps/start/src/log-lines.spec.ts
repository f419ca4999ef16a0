import { readable } from './log-lines';

describe('a log line for people', () => {
  it('has the time, the service, the event and its details', () => {
    const line = JSON.stringify({
      time: '2026-11-20T10:11:12.345Z',
      level: 'info',
      service: 'linker',
      event: 'bag moved',
      files: 3,
      detail: { a: 1 },
    });
    expect(readable(line, 'linker')).toBe('10:11:12 linker          bag moved: files=3 detail={"a":1}');
  });

  it('marks a warning as such', () => {
    expect(
      readable(JSON.stringify({ time: '2026-11-20T10:11:12.345Z', level: 'warn', event: 'claim lost' }), 'transfer'),
    ).toBe('10:11:12 transfer        WARN claim lost');
  });

  it.each(['plain words', '{"broken', '42', 'null'])('leaves %s unchanged', (line) => {
    expect(readable(line, 'scanner')).toBe(`scanner         ${line}`);
  });
});
