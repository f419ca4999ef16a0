import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Refused } from '@coldroom/domain';
import { openDirectory, openRoot, writeMarker } from '@coldroom/files';
import { describeOn, mountOn, type MountKind } from '@coldroom/files/testing';
import type { Place } from './inspect';
import { lookAgain } from './look-again';

const refusal = new Refused('HELD_CHANGED', 'it is another file');

/** Looks, with these answers one after the other; returns what came of it and the number of looks. */
async function lookOn(kind: MountKind, answers: readonly (Error | 'fine')[]): Promise<readonly [unknown, number]> {
  const dir = mkdtempSync(join(tmpdir(), 'coldroom-look-'));
  const unmount = mountOn(kind, dir);
  let looks = 0;
  try {
    await writeMarker(dir, 'test');
    const directory = await openDirectory(await openRoot(dir, 'test'), Buffer.alloc(0));
    const place = { directory, name: Buffer.from('a.tif') } as unknown as Place;
    const outcome = await lookAgain(place, async () => {
      const answer = answers[looks++];
      if (answer instanceof Error) throw answer;
      return answer;
    }).catch((error: unknown) => error);
    await directory.close();
    return [outcome, looks];
  } finally {
    unmount();
    rmSync(dir, { recursive: true, force: true });
  }
}

describeOn('bindfs', 'a look at a file on FUSE', () => {
  test('that refuses is repeated once, and the second one decides', async () => {
    expect(await lookOn('bindfs', [refusal, 'fine'])).toEqual(['fine', 2]);
    expect(await lookOn('bindfs', [refusal, refusal, 'fine'])).toEqual([refusal, 2]);
  });

  test('is not repeated where nothing is refused or something failed', async () => {
    const failure = new Error('EIO');
    expect(await lookOn('bindfs', ['fine'])).toEqual(['fine', 1]);
    expect(await lookOn('bindfs', [failure, 'fine'])).toEqual([failure, 1]);
  });
});

describeOn('ext4', 'a look at a file on a local disk', () => {
  test('is never repeated', async () => {
    expect(await lookOn('ext4', [refusal, 'fine'])).toEqual([refusal, 1]);
  });
});
