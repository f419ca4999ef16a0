import { Client } from 'pg';
import { Browser } from '../testing/browser';
import { RunningConsole } from '../testing/running-console';
import { Paces } from './paces';

test('a second look knows how much was done since the first; pages show it to whoever may see it', async () => {
  const running = await RunningConsole.start('paces');
  try {
    const id = await running.newRequest('image.tif', 2);
    await running.register.requests.approve(id, 'dora');
    await running.register.requests.start(id, 'main', (nr) => `bag-${nr}`, 'scanner');
    const paces = new Paces(running.register);
    expect(await paces.of(id)).toEqual({ share: 0, words: expect.stringContaining('4 files to finish') });
    const connection = new Client(running.settings.registerUrl);
    await connection.connect();
    await connection.query(`UPDATE coldroom.bag SET state = 'copied' WHERE request_id = $1`, [id]);
    await connection.end();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await paces.of(id)).share).toBeGreaterThan(0);

    const shown = async (login: string, path: string): Promise<boolean> => {
      const browser = new Browser(running);
      await browser.signIn(login);
      return (await browser.get(path)).text.includes('4 files to finish');
    };
    expect(await shown('alice', `/requests/${id}`)).toBe(true);
    expect(await shown('dora', '/')).toBe(true);
    expect(await shown('alice', '/')).toBe(false);
  } finally {
    await running.stop();
  }
});
