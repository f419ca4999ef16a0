import { describeOddFs, noExchange, OddFs } from '@coldroom/odd-fs';
import { killLinkers } from '../killed-linkers';
import { inFull } from './odd-world';

/* apps/linker/src/paths/without-exchange.spec.ts has the short form. */

inFull('a linker killed at each step where names cannot be exchanged', (name) =>
  describeOddFs(name, () =>
    killLinkers({
      mounts: {
        OMERO: (on) => {
          const fs = OddFs.mount(on);
          fs.set({ faults: noExchange, cacheSeconds: 1, hideRemoved: true });
          return () => fs.remove();
        },
      },
    }),
  ),
);
