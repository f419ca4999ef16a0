import { setTimeout as sleep } from 'node:timers/promises';
import { scannerTask, type Register } from '@coldroom/register';
import { reportLines } from './scan-report';
import { coldroom, json, type Ended } from './testing/command-line';
import { sampleRegister } from './testing/sample-register';
import { until } from './testing/until';

// Each has a register of its own: they run at the same time, as most of them only wait.
const withRegister =
  (test: (env: Record<string, string>, register: Register) => Promise<void>) => async (): Promise<void> => {
    registers += 1;
    const { url, register } = await sampleRegister(`scan${registers}`);
    try {
      await test({ REGISTER_DATABASE_URL: url }, register);
    } finally {
      await register.close();
    }
  };
let registers = 0;

/** The next requested scan, as the scanner begins it. */
async function begun(register: Register): Promise<bigint> {
  let id: bigint | undefined;
  await until(async () => (id = await register.scans.begin()) !== undefined);
  return id!;
}

describe('coldroom scan', () => {
  it.concurrent(
    'waits for the scanner and shows its report',
    withRegister(async (env, register) => {
      const ended = coldroom(['scan', '--json'], env);
      await register.scans.finish(
        await begun(register),
        { marks: 3, requests: [{ id: '7', group: 'lab' }], ignored: [{ code: 'MARK_NOT_ALLOWED', imageId: '5' }] },
        null,
      );
      expect((await ended).code).toBe(0);
      expect(json(await ended)).toMatchObject({ failed: null, report: { marks: 3 } });
    }),
  );
  it.concurrent(
    'reports a scan that failed',
    withRegister(async (env, register) => {
      const ended = coldroom(['scan'], env);
      await register.scans.finish(await begun(register), null, 'OMERO_DATABASE_UNAVAILABLE: it is unavailable');
      expect(await ended).toMatchObject({ code: 1, stdout: expect.stringContaining('OMERO_DATABASE_UNAVAILABLE') });
    }),
  );
  it.concurrent(
    'ends with 5 where no scanner is running, and says how to start one',
    withRegister(async (env) => {
      const [ended, inJson] = await Promise.all([coldroom(['scan'], env), coldroom(['scan', '--json'], env)]);
      expect(ended).toMatchObject({ code: 5, stdout: '', stderr: expect.stringContaining('No scanner is running') });
      expect(ended.stderr).toContain('npm start -- --only scanner');
      expect(JSON.parse(inJson.stderr)).toMatchObject({ error: { code: 'NO_SCANNER', exitCode: 5 } });
    }),
  );
  it.concurrent(
    'ends with 5 where the scanner dies in the middle of the scan',
    withRegister(async (env, register) => {
      const ended = coldroom(['scan'], env);
      await begun(register);
      expect(await ended).toMatchObject({ code: 5, stderr: expect.stringContaining('No scanner is running') });
    }),
  );
  it.concurrent(
    'waits for a scanner that is busy',
    withRegister(async (env, register) => {
      let ended: Promise<Ended> | undefined;
      await register.alone(scannerTask, async () => {
        ended = coldroom(['scan'], env);
        await sleep(12_000); // longer than it waits where no scanner is running
        await register.scans.finish(await begun(register), { marks: 0 }, null);
      });
      expect(await ended).toMatchObject({ code: 0, stderr: expect.stringContaining('The scanner is busy') });
    }),
  );
  it.concurrent(
    'with --wait, waits for a scanner that is not running, within the given time',
    withRegister(async (env) => {
      const ended = await coldroom(['scan', '--wait', '--timeout', '12s'], env);
      expect(ended).toMatchObject({ code: 5, stderr: expect.stringContaining('Ctrl-C ends the wait') });
      expect(ended.stderr).toContain('was not done within 12 s: no scanner is running. It stays asked for');
    }),
  );
  it.concurrent(
    'may only request',
    withRegister(async (env) => {
      expect(json(await coldroom(['scan', '--no-wait', '--json'], env))).toMatchObject({ asked: true });
      expect((await coldroom(['scan', '--timeout', 'soon'], env)).code).toBe(2);
    }),
  );
});

describe('the report of a scan', () => {
  const nothing = { marks: 0, requests: [], known: 0, ignoredCount: 0, ignored: [], leftOut: [] };
  const retrievalMarks = { marks: 0, files: 0, ignoredCount: 0, ignored: [] };

  it('says only what applies', () => {
    expect(reportLines({ ...nothing, retrievalMarks })).toEqual(['No new requests.', 'No image is marked TO-ARCHIVE.']);
    expect(reportLines({ ...nothing, marks: 1, known: 1, retrievalMarks })).toEqual([
      'No new requests.',
      '1 marked image is in a request already.',
    ]);
  });
  it('names new requests and how to look at them', () => {
    const request = (id: string): object => ({ id, requester: 'bob', group: 'lab', markedImages: 2 });
    expect(reportLines({ ...nothing, marks: 2, requests: [request('7')], retrievalMarks })).toEqual([
      '1 new request:',
      '  request 7: 2 marked images, group lab, asked for by bob',
      'next: coldroom requests show 7',
    ]);
    const many = Array.from({ length: 12 }, (_, nr) => request(`${nr}`));
    expect(reportLines({ ...nothing, marks: 24, requests: many, retrievalMarks }).slice(-2)).toEqual([
      '  and 2 more',
      'next: coldroom requests list --state New',
    ]);
  });
  it('gives the reason for what was ignored or left out', () => {
    const ignored = [{ code: 'MARK_NOT_ALLOWED', reason: 'eve does not lead the group', imageId: '5' }];
    const leftOut = [{ component: 'Fileset:9', code: 'NO_FILES', reason: 'OMERO names no file of it' }];
    expect(
      reportLines({
        ...nothing,
        marks: 3,
        known: 2,
        ignoredCount: 3,
        ignored,
        leftOut,
        kept: { marks: 1, ignored: [{ code: 'MARK_NOT_ALLOWED', imageId: '9' }] },
        withdrawn: { images: 2 },
        retrievalMarks: { marks: 2, files: 4, ignoredCount: 1, ignored },
      }),
    ).toEqual([
      'No new requests.',
      '2 marked images are in a request already.',
      '3 TO-ARCHIVE marks were ignored:',
      '  Image:5: eve does not lead the group (MARK_NOT_ALLOWED)',
      '  and 2 more',
      'Left out of new requests:',
      '  Fileset:9: OMERO names no file of it (NO_FILES)',
      '4 files requested back by FROM-ARCHIVE marks.',
      '1 FROM-ARCHIVE mark was ignored:',
      '  Image:5: eve does not lead the group (MARK_NOT_ALLOWED)',
      '2 images marked WITHDRAW.',
      '1 image kept out of archiving; "coldroom requests kept" lists them.',
      '1 KEEP mark was ignored:',
      '  Image:9: MARK_NOT_ALLOWED',
    ]);
  });
  it('handles a report that another version wrote', () => {
    expect(reportLines({ novelty: { a: [1, 2] }, marks: 3, requests: [{ id: '7' }] })).toEqual([
      '1 new request:',
      '  request 7',
      'next: coldroom requests show 7',
    ]);
  });
});
