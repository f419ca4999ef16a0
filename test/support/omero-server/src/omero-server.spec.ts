import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { createDatabase } from '@coldroom/local';
import { createGroup, createOmeroSchema, createUser } from '@coldroom/sample-omero';
import { startOmeroServer, type RunningOmeroServer } from './omero-server';
import { omeroPython } from './python';

const python = omeroPython();
let dir: string;
let client: Client;
let server: RunningOmeroServer;

/** What a program with OMERO's own client, signed in as this account, prints as JSON. */
function asked(name: string, password: string, program: string): unknown {
  const script = [
    'import json, sys, omero, omero.clients',
    'from omero.rtypes import rstring',
    `client = omero.client("127.0.0.1", ${server.port})`,
    'def answer(value): print(json.dumps(value))',
    'def refusal(call):',
    '    try: call()',
    '    except Exception as error: return [type(error).__name__, getattr(error, "message", None) or getattr(error, "reason", "")]',
    program,
    'client.closeSession()',
  ].join('\n');
  const printed = execFileSync(python as string, ['-c', script, name, password], { encoding: 'utf8', timeout: 50_000 });
  return JSON.parse(printed);
}

const signIn = 'session = client.createSession(*sys.argv[1:3])\n';

(python ? describe : describe.skip)('the OMERO.server of tests, asked by omero-py', () => {
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'coldroom-omero-server-'));
    const databaseUrl = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, 'omero_server', {
      existing: 'drop',
    });
    await createOmeroSchema(databaseUrl);
    client = new Client({ connectionString: databaseUrl });
    await client.connect();
    const group = await createGroup({ client }, 'microscopy', -40);
    for (const [omename, more] of [
      ['lea', { leader: true }],
      ['ada', { administrator: true, withheld: ['Sudo', 'Chown'] }],
      ['gone', { inactive: true }],
      ['bob', {}],
      ['root2', { administrator: true }],
    ] as const)
      await createUser({ client }, { omename, firstname: omename, lastname: 'X', group, password: omename, ...more });
    await createUser({ client }, { omename: 'locked', firstname: 'L', lastname: 'X', group });
    server = await startOmeroServer(python as string, { dir, databaseUrl, scriptTimeout: 4 });
  });
  afterAll(async () => {
    await server.stop();
    await client.end();
    rmSync(dir, { recursive: true, force: true });
  });

  test('a group leader is known with the groups of the database', () => {
    const context = 'c = session.getAdminService().getEventContext()\n';
    expect(
      asked('lea', 'lea', `${signIn}${context}answer([c.userName, c.isAdmin, c.groupName, len(c.leaderOfGroups)])`),
    ).toEqual(['lea', false, 'microscopy', 1]);
  });

  test('a restricted administrator lacks the privileges that were withheld', () => {
    const context = 'c = session.getAdminService().getEventContext()\n';
    const program = `${signIn}${context}answer([c.isAdmin, "Sudo" in c.adminPrivileges, "Chgrp" in c.adminPrivileges])`;
    expect(asked('ada', 'ada', program)).toEqual([true, false, true]);
  });

  test.each([
    ['a wrong password', 'lea', 'x'],
    ['an unknown account', 'other', 'x'],
    ['a locked account', 'locked', 'x'],
  ])('%s is refused', (_what, name, password) => {
    expect(asked(name, password, 'answer(refusal(lambda: client.createSession(*sys.argv[1:3])))')).toEqual([
      'PermissionDeniedException',
      `Password check failed for '${name}'`,
    ]);
  });

  test('an inactive account gets a session, and each of its calls is refused', () => {
    const program = `${signIn}answer(refusal(session.getAdminService().getEventContext))`;
    expect(asked('gone', 'gone', program)).toEqual([
      'SecurityViolation',
      expect.stringContaining("No matching roles found in ['microscopy']"),
    ]);
  });

  test('a group leader opens a session for a member, which has the group and the times that were given', () => {
    const program = `${signIn}service = session.getSessionService()
for_member = omero.sys.Principal(name="locked", group="microscopy", eventType="User")
made = service.createSessionWithTimeouts(for_member, 60000, 30000)
other = omero.client("127.0.0.1", ${server.port})
c = other.joinSession(made.uuid.val).getAdminService().getEventContext()
answer([c.userName, c.groupName, made.timeToLive.val, made.timeToIdle.val])
other.closeSession()`;
    expect(asked('lea', 'lea', program)).toEqual(['locked', 'microscopy', 60_000, 30_000]);
  });

  test.each([
    ['an administrator without Sudo', 'ada', 'lea', 'microscopy'],
    ['a member', 'bob', 'lea', 'microscopy'],
    ['a group of which the user is no member', 'lea', 'lea', 'system'],
  ])('no session is opened for others by or for %s', (_what, caller, name, group) => {
    const principal = `omero.sys.Principal(name="${name}", group="${group}", eventType="User")`;
    const call = `session.getSessionService().createSessionWithTimeout(${principal}, 60000)`;
    expect(asked(caller, caller, `${signIn}answer(refusal(lambda: ${call}))`)).toEqual([
      'SecurityViolation',
      expect.any(String),
    ]);
  });

  test('a session is over at the end of its time to live, and for its clients too', () => {
    const program = `${signIn}service = session.getSessionService()
made = service.createSessionWithTimeout(omero.sys.Principal(name="bob", group=None, eventType="User"), 1500)
other = omero.client("127.0.0.1", ${server.port})
admin = other.joinSession(made.uuid.val).getAdminService()
import time
time.sleep(2)
answer([refusal(admin.getEventContext)[0], refusal(lambda: service.getSession(made.uuid.val))[0]])`;
    expect(asked('lea', 'lea', program)).toEqual(['RemovedSessionException', 'RemovedSessionException']);
  });

  test('a method that is not there is refused by its name', () => {
    const program = `${signIn}query = session.getQueryService()
answer([refusal(lambda: query.findAll("Image", None)), refusal(session.getPixelsService)])`;
    expect(asked('lea', 'lea', program)).toEqual([
      ['InternalException', expect.stringContaining('IQuery.findAll')],
      ['InternalException', expect.stringContaining('ServiceFactory.getPixelsService')],
    ]);
  });

  test('a statement that is not known is refused by its text, and so is one outside of all groups', () => {
    const program = `${signIn}query = session.getQueryService()
from omero.sys import ParametersI
known = "select i from Image i where i.id in (:ids) order by i.id"
ids = ParametersI().addLongs("ids", [1])
answer([refusal(lambda: query.projection("select i.id from Image i", None)), refusal(lambda: query.findAllByQuery(known, ids))])`;
    expect(asked('lea', 'lea', program)).toEqual([
      ['InternalException', expect.stringContaining('select i.id from Image i is not there')],
      ['InternalException', expect.stringContaining('outside of all groups')],
    ]);
  });

  test('a link on an image of another person is refused by the server, and nothing of the call is written', async () => {
    const quiet = await createGroup({ client }, 'quiet', -120);
    const [owner, leader] = [
      await createUser({ client }, { omename: 'olga', firstname: 'O', lastname: 'X', group: quiet, password: 'olga' }),
      await createUser(
        { client },
        { omename: 'lev', firstname: 'L', lastname: 'X', group: quiet, password: 'lev', leader: true },
      ),
    ];
    const { rows } = await client.query<{ id: string }>(
      `INSERT INTO image (id, permissions, creation_id, update_id, owner_id, group_id, name, series)
       VALUES (ome_nextval('seq_image'), -120, 0, 0, $1, $2, 'a.tif', 0) RETURNING id`,
      [owner.id, quiet.id],
    );
    const program = `${signIn}update = session.getUpdateService()
from omero.model import ImageAnnotationLinkI, ImageI, MapAnnotationI
link = ImageAnnotationLinkI()
link.parent, link.child = ImageI(${rows[0]!.id}, False), update.saveAndReturnObject(MapAnnotationI())
link.child = MapAnnotationI(link.child.id.val, False)
answer(refusal(lambda: update.saveArray([link])))`;
    expect(asked('lev', 'lev', program)).toEqual([
      'SecurityViolation',
      expect.stringContaining('may not annotate image'),
    ]);
    expect(
      asked('olga', 'olga', program.replace('refusal(lambda: update.saveArray([link]))', 'update.saveArray([link])')),
    ).toBeNull();
    const links = await client.query('SELECT owner_id FROM imageannotationlink');
    expect(links.rows).toEqual([{ owner_id: String(owner.id) }]);
    expect(leader.groupId).toBe(quiet.id);
  });

  test('a script that takes too long is ended, and one that fails says so', () => {
    const script = (body: string): string =>
      JSON.stringify(`import omero.scripts as scripts, time\nclient = scripts.client("x")\n${body}`);
    const program = `${signIn}service = session.getScriptService()
def code(name, text):
    process = service.runScript(service.uploadOfficialScript(name, text), {}, None)
    while process.poll() is None: time.sleep(0.1)
    return [process.poll().val, sorted(process.getResults(1))]
import time
answer([code("slow.py", ${script('time.sleep(60)')}), code("bad.py", ${script('raise ValueError("no")')})])`;
    expect(asked('root2', 'root2', program)).toEqual([
      [-9, []],
      [1, ['stderr']],
    ]);
  }, 40_000);

  test('a session is a row, can be joined, and is closed with its last client', async () => {
    const joined = `other = omero.client("127.0.0.1", ${server.port})
other.joinSession(client.getSessionId())
answer([client.getSessionId(), session.getSessionService().getReferenceCount(client.getSessionId())])
other.closeSession()`;
    const [uuid, clients] = asked('lea', 'lea', `${signIn}${joined}`) as [string, number];
    expect(clients).toBe(2);
    const { rows } = await client.query('SELECT closed IS NOT NULL AS closed FROM session WHERE uuid = $1', [uuid]);
    expect(rows).toEqual([{ closed: true }]);
  });
});
