const steps = [
  { unit: 'd', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'min', ms: 60_000 },
  { unit: 's', ms: 1000 },
] as const;

/** A time span for people: its two largest units, `3 d 4 h`, `5 min 10 s`, `12 s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000)) * 1000;
  const first = steps.findIndex((step) => seconds >= step.ms);
  if (first === -1) return '0 s';
  const [large, small] = [steps[first]!, steps[first + 1]];
  const count = Math.floor(seconds / large.ms);
  const rest = small ? Math.floor((seconds % large.ms) / small.ms) : 0;
  return rest > 0 && small ? `${count} ${large.unit} ${rest} ${small.unit}` : `${count} ${large.unit}`;
}

/** When something happened, in this machine's time zone: `2026-11-20 23:05:12`. */
export function formatTime(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** How long ago: `5 min 10 s ago`; `just now` if a clock is behind. */
export function formatAge(at: Date, now: Date): string {
  const ms = now.getTime() - at.getTime();
  return ms < 1000 ? 'just now' : `${formatDuration(ms)} ago`;
}
