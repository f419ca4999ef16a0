import { randomUUID } from 'node:crypto';
import { freePort } from '@coldroom/local';
import { omeroCommand } from '@coldroom/omero-server';
import { Scene } from '../testing/scene';
import { OmeroSessions } from './sessions';

const command = omeroCommand();
const admin = { name: 'admin', password: 'admin' };
let scene: Scene;
let sessions: OmeroSessions;

const microscopy = () => ({ id: BigInt(scene.alice.groupId), name: 'microscopy' });
const refusal = (code: string, words: RegExp) => ({ kind: 'refused', code, message: expect.stringMatching(words) });
/** Sessions that `admin` opened for others and that are not closed. */
const open = (): Promise<unknown> =>
  scene.value("SELECT count(*)::int FROM session WHERE useragent = 'createSession' AND closed IS NULL");

(command ? describe : describe.skip)('sessions with the real omero', () => {
  beforeAll(async () => {
    scene = await Scene.make(command!);
    sessions = new OmeroSessions(scene.settings, admin);
  });
  afterAll(() => scene.stop());

  test('a session is opened in its group, has a number, and is closed; closing may be repeated', async () => {
    const key = await sessions.open('alice', microscopy(), 600);
    const number = await scene.database.sessionNumber(key);
    expect(number).toBe(BigInt((await scene.value('SELECT id FROM session WHERE uuid = $1', key)) as string));
    expect(await open()).toBe(1);
    await sessions.close(key);
    expect(await open()).toBe(0);
    await sessions.close(key);
    await sessions.close(randomUUID());
  });

  test('a group that OMERO does not have is refused, and the session in another group is closed', async () => {
    const before = Number(await scene.value('SELECT count(*) FROM session'));
    await expect(sessions.open('alice', { id: 9999n, name: 'other' }, 600)).rejects.toMatchObject(
      refusal('OMERO_SESSION_GROUP', /another group than other/),
    );
    expect(Number(await scene.value('SELECT count(*) FROM session'))).toBeGreaterThan(before);
    expect(await open()).toBe(0);
  });

  test('who is not there, and who is not in the group, gets no session', async () => {
    await expect(sessions.open('-x', microscopy(), 600)).rejects.toMatchObject(refusal('OMERO_USER_UNKNOWN', /-x/));
    const id = BigInt((await scene.value("SELECT id FROM experimentergroup WHERE name = 'private-lab'")) as string);
    await expect(sessions.open('alice', { id, name: 'private-lab' }, 600)).rejects.toMatchObject(
      refusal('OMERO_SESSION_REFUSED', /privilege Sudo.*member of the group/),
    );
  });

  test('a wrong password, and an account without the right, are refused with different codes', async () => {
    const wrong = new OmeroSessions(scene.settings, { name: 'admin', password: 'very-wrong' });
    const thrown: unknown = await wrong.open('alice', microscopy(), 600).catch((error: unknown) => error);
    expect(thrown).toMatchObject(refusal('OMERO_SIGN_IN_REFUSED', /name and password/));
    expect(JSON.stringify({ ...(thrown as object) })).not.toContain('very-wrong');
    const alice = new OmeroSessions(scene.settings, { name: 'alice', password: 'alice' });
    await expect(alice.open('admin', microscopy(), 600)).rejects.toMatchObject(
      refusal('OMERO_SESSION_REFUSED', /Sudo/),
    );
  });

  test('without a server, or with a host that there is not, it is tried again; a key is in no error', async () => {
    const key = randomUUID();
    for (const at of [{ port: await freePort() }, { host: 'host.invalid' }]) {
      const away = new OmeroSessions({ ...scene.settings, ...at }, admin);
      const thrown: unknown = await away.close(key).catch((error: unknown) => error);
      expect(thrown).toMatchObject({ kind: 'transient', code: 'OMERO_SERVER_UNAVAILABLE' });
      expect(`${String(thrown)} ${JSON.stringify({ ...(thrown as object) })}`).not.toContain(key);
    }
  });
});
