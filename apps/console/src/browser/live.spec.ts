import { Client } from 'pg';
import type { Page } from 'playwright-core';
import { Chromium, describeInChromium, signIn } from '../testing/chromium';
import { RunningConsole } from '../testing/running-console';

describeInChromium('a page that is left open', () => {
  let running: RunningConsole;
  let chromium: Chromium;
  beforeAll(async () => {
    running = await RunningConsole.startForBrowsers('live');
    chromium = await Chromium.start();
  });
  afterAll(async () => {
    await chromium?.stop();
    await running?.stop();
  });

  /** Signed in as dora, with the page's script connected. */
  async function open(path: string): Promise<Page> {
    const page = await chromium.open(`${running.settings.url}${path}`);
    const connected = page.waitForResponse((response) => /\/live(\?|$)/.test(response.url()) && response.ok());
    await signIn(page, 'dora');
    await connected;
    return page;
  }

  /** Two stores with this much free space. */
  async function recordStores(freeBytes: bigint): Promise<void> {
    const store = { kind: 'file', groups: [], place: '/archive', price: null, fault: null };
    await running.register.storeHealth.record(
      ['disk', 'tape'].map((name) => ({
        ...store,
        name,
        isDefault: name === 'disk',
        space: { directory: '/archive', freeBytes: freeBytes << 40n, totalBytes: 10n << 40n },
      })),
    );
  }

  test('shows what someone else decides, and no longer offers the decision', async () => {
    const id = await running.newRequest();
    const page = await open(`requests/${id}`);
    await page.getByText('Decline…').click();
    await running.register.requests.approve(id, 'lea');
    await page.getByText('Approved by lea').waitFor();
    expect(await page.getByRole('button', { name: /Approve|Decline/ }).count()).toBe(0);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('asks to archive');
  });

  test('keeps what is being typed when something else changes', async () => {
    const id = await running.newRequest('typing.tif', 2);
    await recordStores(9n);
    const page = await open(`requests/${id}`);
    await page.getByText('Decline…').click();
    await page.getByLabel('Why it is declined').fill('half a reas');
    await page.getByRole('checkbox').first().uncheck();
    await page.getByRole('radio', { name: 'tape' }).check();
    await recordStores(8n);
    const connection = new Client(running.settings.registerUrl);
    await connection.connect();
    await connection.query(
      `INSERT INTO coldroom.event (actor, request_id, what) VALUES ('test', $1, 'something of its own')`,
      [id],
    );
    await connection.end();
    await page.getByText('something of its own').waitFor();
    expect(await page.getByLabel('Why it is declined').inputValue()).toBe('half a reas');
    expect(await page.getByRole('checkbox').first().isChecked()).toBe(false);
    expect(await page.getByRole('radio', { name: 'tape' }).isChecked()).toBe(true);
  });

  test('does not change what is being decided: it says that the request has changed, and an approval is refused', async () => {
    const id = await running.newRequest('grows.tif', 2);
    const page = await open(`requests/${id}`);
    await page.getByRole('checkbox').first().uncheck();
    async function* once<T>(value: T): AsyncGenerator<T> {
      yield value;
    }
    const added = [{ imageId: 90_000n + id, name: 'added.tif', fileset: `Fileset:${90_000n + id}`, marked: true }];
    await running.register.requests.refresh(id, { images: once(added), files: once([]) }, 'test');
    await page.getByText('The request has changed since you opened this page').waitFor();
    expect(await page.getByRole('checkbox').first().isChecked()).toBe(false);
    await page.getByRole('button', { name: /^Approve/ }).click();
    await page.getByText('was changed since you looked at it').waitFor();
    expect((await running.register.requests.get(id))?.state).toBe('New');
  });

  test('the overview shows a request that arrives', async () => {
    const page = await open('');
    await running.newRequest();
    await page.getByRole('heading', { level: 1, name: /request.* for a decision/ }).waitFor();
  });

  test('says that it is old when the person is no longer signed in, and shows nothing more', async () => {
    const id = await running.newRequest();
    const page = await open(`requests/${id}`);

    await page.context().clearCookies();
    await running.register.requests.approve(id, 'lea');
    await page.getByText('no longer kept up to date').waitFor();
    expect(await page.getByText('Approved by lea').count()).toBe(0);
  });
});
