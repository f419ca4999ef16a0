import { Browser } from '../testing/browser';
import { RunningConsole, type Login } from '../testing/running-console';
import { brought } from '../testing/sample-requests';

let running: RunningConsole;
let image: bigint;
beforeAll(async () => {
  running = await RunningConsole.start('api_images');
  const id = await running.newRequest();
  await brought(running.register, id, () => 'released');
  image = (await running.register.reports.images(id))[0]!.imageId;
});
afterAll(() => running.stop());

async function get(login: Login, query: string) {
  const browser = new Browser(running);
  await browser.signIn(login);
  const { status, text } = await browser.get(`/api/v1/images?${query}`);
  return { status, body: JSON.parse(text) as Record<string, unknown> };
}

test('where images are, and which may be brought back', async () => {
  const seen = { imageId: image.toString(), stay: 'archived', files: 2, bytes: (2n << 30n).toString() };
  expect((await get('alice', `image=${image}&image=987654`)).body).toEqual({
    images: [expect.objectContaining({ ...seen, retrievable: true })],
    containers: [],
    missing: ['987654'],
    unseen: 1,
    empty: [],
  });
  expect((await get('ada', `image=${image}`)).body).toMatchObject({ images: [{ ...seen, retrievable: false }] });
});

test('what one may not see is missing, like what does not exist', async () => {
  expect((await get('olga', `image=${image}`)).body).toMatchObject({ images: [], missing: [image.toString()] });
});

test.each([
  ['image=abc'],
  ['image=0'],
  ['well=1'],
  ['image=9223372036854775808'],
  [Array.from({ length: 1001 }, (_, nr) => `image=${nr + 1}`).join('&')],
  [`${Array.from({ length: 1000 }, () => 'image=1').join('&')}&well=1`],
])('GET images?%.20s is refused', async (query) => {
  expect(await get('alice', query)).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
});
