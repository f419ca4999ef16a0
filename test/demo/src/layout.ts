import { join, resolve } from 'node:path';

/** The locations of everything that the demo makes. */
export function layoutOf(dir: string) {
  const home = resolve(dir);
  return {
    home,
    marker: join(home, '.coldroom-demo'),
    omero: join(home, 'OMERO'),
    hold: join(home, 'OMERO', '.coldroom', 'hold'),
    store: join(home, 'store'),
    recalled: join(home, 'recalled'),
    copiedDown: join(home, 'copied-down'),
    storesFile: join(home, 'stores.yaml'),
    servers: join(home, 'servers'),
    logs: join(home, 'logs'),
    sampleReport: join(home, 'sample.json'),
    sampleFresh: join(home, 'sample-fresh.json'),
    before: join(home, 'before.jsonl'),
    settings: join(home, 'coldroom.env'),
  } as const;
}

export type Layout = ReturnType<typeof layoutOf>;
