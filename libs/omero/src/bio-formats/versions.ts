const pattern = /^(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?(?:[-.][A-Za-z][\w.-]*)?$/;

/** Whether this is a release version of Bio-Formats: `6.14.0`, `7.3`, `8.0.0-rc1`. */
export function isVersion(text: string): boolean {
  return pattern.test(text);
}

/** Negative if `one` is older than `other`. What follows the numbers does not count. */
export function compareVersions(one: string, other: string): number {
  const [left, right] = [numbersOf(one), numbersOf(other)];
  const index = left.findIndex((number, position) => number !== right[position]);
  return index === -1 ? 0 : left[index]! - right[index]!;
}

function numbersOf(version: string): readonly number[] {
  const [, major, minor, patch = '0'] = pattern.exec(version) ?? [];
  if (major === undefined) throw new Error(`not a version: ${version}`);
  return [Number(major), Number(minor), Number(patch)];
}
