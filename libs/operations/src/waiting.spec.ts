import { waiting, type Waiting } from './waiting';

/** Reads these values one after another, then the last one. */
function reading<T>(...values: T[]): () => Promise<T> {
  return async () => (values.length > 1 ? (values.shift() as T) : (values[0] as T));
}

async function all<T, R>(steps: AsyncGenerator<T, R>): Promise<{ yielded: readonly T[]; result: R }> {
  const yielded: T[] = [];
  for (;;) {
    const step = await steps.next();
    if (step.done) return { yielded, result: step.value };
    yielded.push(step.value);
  }
}

describe('waiting', () => {
  it('yields each reading and returns the one that ends it', async () => {
    const steps = waiting({ read: reading(2, 1, 0), isOver: (now) => now === 0 });
    expect(await all(steps)).toEqual({
      yielded: [
        { now: 2, isStill: false },
        { now: 1, isStill: false },
      ],
      result: 0,
    });
  });

  it('reports that nothing moves only where the data is the same', async () => {
    const over = { left: 0 };
    const read = reading({ left: 2 }, { left: 1 }, { left: 1 }, over);
    const { yielded } = await all(waiting({ read, isOver: (now) => now === over, stillMs: 100 }));
    expect(yielded.map(({ isStill }: Waiting<unknown>) => isStill)).toEqual([false, false, true]);
  });

  it('ends with the error of a caller who does not wait for that', async () => {
    const whenStill = (): void => {
      throw new Error('nothing moves');
    };
    const steps = waiting({ read: reading(1), isOver: () => false, stillMs: 100, whenStill });
    await expect(all(steps)).rejects.toThrow('nothing moves');
  });
});
