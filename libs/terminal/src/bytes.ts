const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** Bytes for people: three significant digits, powers of 1024. */
export function formatBytes(bytes: bigint | number): string {
  let value = Number(bytes);
  let unit = 0;
  // 999.5 would be shown as four digits.
  while (Math.abs(value) >= (unit === 0 ? 1024 : 999.5) && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? String(value) : threeDigits(value)} ${units[unit]}`;
}

function threeDigits(value: number): string {
  if (Math.abs(value) >= 99.95) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 9.995 ? 1 : 2);
}

/** Whole numbers for people: `12,345`. */
export function formatCount(count: bigint | number): string {
  return count.toLocaleString('en');
}

/** `1 file`, `2 files`. */
export function counted(count: bigint | number, noun: string): string {
  return `${formatCount(count)} ${noun}${BigInt(count) === 1n ? '' : 's'}`;
}
