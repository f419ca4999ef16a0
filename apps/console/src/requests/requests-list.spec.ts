import { Browser } from '../testing/browser';
import { RunningConsole } from '../testing/running-console';

let running: RunningConsole;
let dora: Browser;
beforeAll(async () => {
  running = await RunningConsole.start('requests_list');
  dora = new Browser(running);
  await dora.signIn('dora');
  for (let nr = 0; nr < 120; nr += 1) await running.newRequest();
  for (let id = 1n; id <= 12n; id += 1n) await running.register.requests.decline(id, 'dora', 'no');
});
afterAll(() => running.stop());

const wordsOf = ({ text }: { text: string }): string =>
  text
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/ ([,.:])/g, '$1');
const idsOf = ({ text }: { text: string }): readonly number[] =>
  [...text.matchAll(/href="\/coldroom\/requests\/(\d+)"/g)].map(([, id]) => Number(id));
const nextOf = ({ text }: { text: string }): string =>
  /class="button" href="\/coldroom([^"]+)">\s*Show more/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? '';

test('each section has its newest requests, and what all of it adds up to', async () => {
  const page = await dora.get('/requests');
  const words = wordsOf(page);
  expect(words).toContain('108 requests wait for a decision');
  expect(words).toContain('The 50 newest of 108 requests: 216 images, 216 files, 216 GiB');
  expect(words).toContain('The 10 newest of 12 requests: 24 images, 24 files, 24.0 GiB');
  expect(idsOf(page)).toHaveLength(60);
});

test('pages follow each other without a gap or a repetition, although requests arrive', async () => {
  const seen: number[] = [];
  for (let path = '/requests?state=New'; path !== '';) {
    const page = await dora.get(path);
    seen.push(...idsOf(page));
    path = nextOf(page);
    await running.newRequest();
  }
  expect(seen).toEqual(Array.from({ length: 108 }, (_, nr) => 120 - nr));
});

test.each(['oldest', 'largest'])('the %s come first, also from page to page', async (sort) => {
  await running.newRequest('large.tif', 3);
  const requests = await running.register.requests.list({ states: ['New'] });
  const wanted = requests.toSorted((a, b) =>
    Number(sort === 'oldest' ? a.id - b.id : b.bytes - a.bytes || b.id - a.id),
  );
  const seen: number[] = [];
  for (let path = `/requests?state=New&sort=${sort}`; path !== '';) {
    const page = await dora.get(path);
    expect(page.text).toContain('aria-current="true"');
    seen.push(...idsOf(page));
    path = nextOf(page);
  }
  expect(seen).toEqual(wanted.map(({ id }) => Number(id)));
});

test.each([
  ['text=ALICE&state=Declined', 12],
  ['text=nothing+of+this', 0],
  ['text=%25&state=Declined', 0],
  ['text=7&state=Declined', 1],
  ['group=3&state=Declined', 12],
  ['group=4&state=Declined', 0],
  ['owner=7&state=Declined', 12],
  ['store=main', 0],
])('%s finds %d', async (query, count) => {
  expect(idsOf(await dora.get(`/requests?${query}`))).toHaveLength(count);
});

test.each([
  'state=Gone',
  'after=x',
  'after=-1',
  'bytes=1e3',
  'sort=random',
  'group=1;DROP',
  `text=${'x'.repeat(201)}`,
  'limit=1000000',
  'text=a%00b',
  'text=a&text=b',
])('%s is refused', async (query) => {
  expect((await dora.get(`/requests?${query}`)).status).toBe(400);
});

test('what is searched for is shown as text, and kept from page to page', async () => {
  const page = await dora.get('/requests?state=New&text=%22%3E%3Cscript%3E');
  expect(page.text).toContain('value="&quot;>&lt;script>"');
  expect(page.text).not.toContain('<script>');
  expect(nextOf(await dora.get('/requests?state=New&text=alice&group=3'))).toMatch(
    /^\/requests\?state=New&group=3&text=alice&after=\d+$/,
  );
});

test('a researcher sees their own requests only, in the totals too', async () => {
  const olga = new Browser(running);
  await olga.signIn('olga');
  const page = await olga.get('/requests');
  expect(idsOf(page)).toEqual([]);
  expect(wordsOf(page)).not.toContain('216');
});
