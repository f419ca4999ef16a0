import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onCrashPoint, crashPoint, crashPoints, killAtCrashPoints } from './crash-points';

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

  it('kill at the time that a setting names, the first by default, and never again', () => {
    const sent: string[] = [];
    killAtCrashPoints({ crashAt: 'link:4-swapped:2', freezeAt: 'link:1-held' }, (signal) => sent.push(signal));
    const sentAfter = (
      ['link:4-swapped', 'link:1-held', 'link:4-swapped', 'link:4-swapped', 'link:1-held'] as const
    ).map((name) => {
      crashPoint(name);
      return sent.join();
    });
    expect(sentAfter).toEqual(['', 'SIGSTOP', 'SIGSTOP,SIGKILL', 'SIGSTOP,SIGKILL', 'SIGSTOP,SIGKILL']);
  });

  it.each([{}, { crashAt: 'link' }, { freezeAt: 'link:4-swapped:x' }])(
    'leave the listener as it is for %j',
    (settings) => {
      const heard: string[] = [];
      onCrashPoint((name) => heard.push(name));
      killAtCrashPoints(settings, (signal) => heard.push(signal));
      crashPoint('link:4-swapped');
      expect(heard).toEqual(['link:4-swapped']);
    },
  );

  it('are each described in the README, with what a crash leaves behind', () => {
    const text = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');
    expect(crashPoints.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });
});
