import { periodOf } from './report-mails';
import { Scene } from './testing/scene';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.create('reports');
  const own = { groupId: 3n, ownerId: 8n, images: 1n, filesets: 1n, files: 1n };
  const archived = { archivedFilesets: 0n, archivedBytes: 0n };
  await scene.register.usage.details.mirror(
    {
      datasets: [{ datasetId: 7n, name: '=cmd|x!A1', ...own, bytes: 12_345n, ...archived }],
      formats: [],
      largest: [],
      legacy: [],
    },
    0,
  );
});
afterAll(() => scene.close());

const settings = {
  MAIL_REPORTS: 'monthly usage by dataset to head@example.org, dora@example.org; weekly archive to head@example.org',
};

test('each address gets each report once in a period, also after a restart, with a file that runs no formula', async () => {
  await scene.request();
  const first = scene.start(settings);
  await scene.settled(3);
  await first.kill();
  scene.start({ ...settings, MAIL_REPORTS: `${settings.MAIL_REPORTS}; daily integrity to head@example.org` });
  await scene.settled(4);
  const { accepted } = scene.smtp;
  expect(accepted.map(({ to, headers }) => [[to].flat().join(), headers.get('subject')]).toSorted()).toEqual([
    ['dora@example.org', '[Coldroom] Usage by dataset (monthly report)'],
    ['head@example.org', '[Coldroom] Images and files that are not as they should be (daily report)'],
    ['head@example.org', '[Coldroom] Usage by dataset (monthly report)'],
    ['head@example.org', '[Coldroom] What waits, is being archived and is archived (weekly report)'],
  ]);
  const usage = accepted.find(({ headers }) => headers.get('subject')?.includes('dataset'));
  expect(usage?.raw).toMatch(/filename=coldroom-usage-by-dataset-\d{4}-\d\d-\d\d\.csv/);
  const [, file = ''] = /filename=coldroom[^]*?\r\n\r\n([^]*?)\r\n--/.exec(usage?.raw ?? '') ?? [];
  const content = usage?.raw.includes('base64') ? Buffer.from(file, 'base64').toString() : file;
  expect(content).toMatch(/^dataset_id,dataset,[^]*7,'=cmd\|x!A1,3,lab,8,olga,/);
  expect(usage?.raw).toMatch(/12\.1 KiB/);
});

test.each([
  ['daily', '2026-11-30T00:00:00Z', '2026-11-30'],
  ['weekly', '2026-11-29T23:59:59Z', '2026-11-23'],
  ['weekly', '2026-11-30T00:00:00Z', '2026-11-30'],
  ['monthly', '2026-11-30T12:00:00Z', '2026-11-01'],
  ['monthly', '2026-12-01T00:00:00Z', '2026-12-01'],
] as const)('the %s report at %s is that of %s', (every, now, period) => {
  expect(periodOf(every, new Date(now))).toBe(period);
});
