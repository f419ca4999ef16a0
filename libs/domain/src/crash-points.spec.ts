import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onCrashPoint, crashPoint, crashPoints } from './crash-points';

afterEach(() => onCrashPoint(undefined));

describe('crash points', () => {
  it('calls the listener, and nothing after it is removed', () => {
    const heard: string[] = [];
    crashPoint('link:1-held');
    onCrashPoint((name) => heard.push(name));
    crashPoint('link:4-swapped');
    onCrashPoint(undefined);
    crashPoint('link:5-synced');
    expect(heard).toEqual(['link:4-swapped']);
  });

  it('lets a listener stop the work by throwing', () => {
    onCrashPoint(() => {
      throw new Error('killed');
    });
    expect(() => crashPoint('transition:1-before-commit')).toThrow('killed');
  });

  it('are each described in the README, with what a crash leaves behind', () => {
    const text = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');
    expect(crashPoints.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });
});
