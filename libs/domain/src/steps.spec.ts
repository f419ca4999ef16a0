import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onStep, step, steps } from './steps';

afterEach(() => onStep(undefined));

describe('steps', () => {
  it('tells the one listener, and nobody after it is taken away', () => {
    const heard: string[] = [];
    step('link:1-held');
    onStep((name) => heard.push(name));
    step('link:4-swapped');
    onStep(undefined);
    step('link:5-synced');
    expect(heard).toEqual(['link:4-swapped']);
  });

  it('lets a listener stop the work by throwing', () => {
    onStep(() => {
      throw new Error('killed');
    });
    expect(() => step('move:1-before-commit')).toThrow('killed');
  });

  it('are each told of in the README, with what a crash leaves behind', () => {
    const text = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');
    expect(steps.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });
});
