import pg from 'pg';
import { Browser } from '../testing/browser';
import { RunningConsole, type Login } from '../testing/running-console';
import { fillWithSample } from '../testing/sample-contents';

let running: RunningConsole;
let shown: Awaited<ReturnType<typeof fillWithSample>>;
beforeAll(async () => {
  running = await RunningConsole.start('request_page');
  shown = await fillWithSample(running);
});
afterAll(() => running.stop());

/** The words of the page, without its markup. */
async function wordsOf(which: keyof typeof shown, login: Login = 'dora'): Promise<string> {
  return wordsOfRequest(shown[which], login);
}

async function wordsOfRequest(id: bigint, login: Login): Promise<string> {
  const browser = new Browser(running);
  await browser.signIn(login);
  const { status, text } = await browser.get(`/requests/${id}`);
  expect(status).toBe(200);
  return text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
}

test('a New request: what an approval does, what comes along, and what is not taken', async () => {
  const words = await wordsOf('waiting');
  expect(words).toContain('Alice Meyer asks to archive 57 images');
  expect(words).toContain('An approval archives 240 images in 4 filesets: 194 files, 3.03 TiB.');
  expect(words).toContain('187 of the images come along because they share files with marked ones.');
  expect(words).toContain('4 marked images cannot be taken.');
  expect(words).toMatch(/plate_03 \[Well A01\] and 95 more images, Fileset:\d+ 12 84 96 1\.13 TiB/);
  expect(words).toContain('3 files, 1.88 GiB HARD_LINKED the file has 2 names');
  expect(words).toContain('1 file, 96.0 MiB MISSING OMERO names this file, but it is not on disk');
  expect(words).toContain('Approve the filesets ticked All 4 filesets are 3.03 TiB.');
  expect(words).not.toContain('Where the files are');
});

test('a New request: what was written about it, and what of it is kept out of archiving', async () => {
  expect(await wordsOf('waiting')).toMatch(
    /Description Raw data of the screen, both replicates To be kept for 10 years Written by \w+/,
  );
  const [image] = await running.register.reports.images(shown.waiting, {}, 1);
  const { kept } = running.register;
  await kept.seen(await kept.beginRound(), [
    { imageId: image!.imageId, by: 'alice', reason: 'under review', liftedBy: 'owner' },
  ]);
  expect(await wordsOf('waiting')).toContain(`Image ${image!.imageId}, kept by alice: under review (lifted by owner)`);
  await kept.endRound(await kept.beginRound());
  expect(await wordsOf('waiting')).not.toContain('Kept out of archiving');
});

test('a running one: how many files are safe, and where the others are', async () => {
  const words = await wordsOf('running', 'olga');
  expect(words).toContain('16 of 40 files (288 GiB of 720 GiB) are safe in the archive.');
  expect(words).toContain('Each original stays in its place until all copies of its fileset have been read back');
  for (const step of ['8 files safe in the archive, original kept', '8 files being copied', '8 files waiting'])
    expect(words).toContain(step);
  expect(words).toContain('24 files copied to the store');
  expect(words).not.toContain('Your decision');
});

test('a finished one: until when the originals are kept, and that they were removed', async () => {
  expect(await wordsOf('held', 'alice')).toMatch(
    /The file \(412 GiB\) is safe in the archive\. The original is kept until \d+ \w+ 20\d\d; until then/,
  );
  expect(await wordsOf('finished', 'olga')).toContain('The originals were removed after they had been kept');
});

test('a stuck one: the remedy for all, the commands for an administrator only', async () => {
  const [manager, administrator] = [await wordsOf('error'), await wordsOf('error', 'root')];
  expect(manager).toContain('1 file cannot go on: an administrator has to look.');
  expect(manager).toContain('What to do: the file is damaged or was changed after import');
  expect(manager).not.toContain('coldroom files abandon');
  expect(administrator).toMatch(/coldroom files abandon File:\d+/);
});

test('a declined one: that nothing was changed, and the reason', async () => {
  expect(await wordsOf('declined', 'olga')).toContain(
    'Nothing was changed: all images are where they were. The reason: These images belong to a paper in review.',
  );
});

test('a proposal of a policy: until when its owner can object, and who may approve it when', async () => {
  const id = await running.newRequest();
  const change = async (until: string): Promise<void> => {
    const client = new pg.Client({ connectionString: running.settings.registerUrl });
    await client.connect();
    await client.query(
      `UPDATE coldroom.request SET requester = 'policy:old', policy = 'old', policy_title = 'Older than two years', objections_until = ${until} WHERE id = $1`,
      [id],
    );
    await client.end();
  };
  await change(`'2040-01-31T00:00:00Z'`);
  const owner = await wordsOfRequest(id, 'alice');
  expect(owner).toContain('The policy “Older than two years” proposes to archive');
  expect(owner).toContain('The owner can object until 31 January 2040. It cannot be approved before that.');
  expect(owner).toMatch(/Do you object\? Object Nothing of it is archived\./);
  await change('NULL');
  const manager = await wordsOfRequest(id, 'dora');
  expect(manager).toMatch(/Your decision Approve 1 fileset/);
  expect(manager).toContain('Alice Meyer reads this.');
  expect(manager).not.toContain('can object');
});
