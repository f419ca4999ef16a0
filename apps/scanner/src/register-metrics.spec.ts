import { register as metrics } from 'prom-client';
import { RegisterMetrics } from './register-metrics';
import { Scene } from './testing/scene';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.create('metrics');
});
afterAll(() => scene.close());

/** The value of a metric as Prometheus reads it; undefined if it is not there. */
async function valueOf(metric: string): Promise<number | undefined> {
  const line = (await metrics.metrics()).split('\n').find((each) => each.startsWith(`${metric} `));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

test('what the register counts is shown, and follows it', async () => {
  const { register } = scene;
  await scene.add([{ files: [{ name: 'a.tif', size: 20 }], images: 2 }]);
  const id = await register.scans.ask('test');
  await register.scans.begin();
  await register.scans.finish(id, { ...(await scene.scan.run('test')) }, null);
  const look = { kind: 'file', isDefault: true, place: '/archive', price: null, groups: [] };
  await register.storeHealth.record([
    { ...look, name: 'main', fault: null, space: { directory: '/archive', freeBytes: 5n, totalBytes: 50n } },
    { ...look, name: 'far', isDefault: false, fault: { code: 'STORE_UNAVAILABLE', reason: 'away' }, space: null },
  ]);
  await new RegisterMetrics(register).show();
  expect(await valueOf('coldroom_scan_marks')).toBe(2);
  expect(await valueOf('coldroom_scan_failed')).toBe(0);
  expect(await valueOf('coldroom_pending_marks')).toBe(2);
  expect(await valueOf('coldroom_scan_finished_timestamp_seconds')).toBeGreaterThan(Date.now() / 1000 - 60);
  expect(await valueOf('coldroom_store_available{store="main"}')).toBe(1);
  expect(await valueOf('coldroom_store_available{store="far"}')).toBe(0);
  expect(await valueOf('coldroom_store_free_bytes{store="main"}')).toBe(5);
  expect(await valueOf('coldroom_store_free_bytes{store="far"}')).toBeUndefined();
  expect(await valueOf('coldroom_oldest_due_bag_seconds{stage="hash"}')).toBe(0);
  expect(await valueOf('coldroom_held_files')).toBe(0);

  const [request] = await register.requests.inState('New');
  await register.requests.approve(request!, 'test');
  await scene.starter.run('test');
  await register.storeHealth.record([]);
  await new RegisterMetrics(register).show();
  expect(await valueOf('coldroom_oldest_due_bag_seconds{stage="hash"}')).toBeGreaterThan(0);
  expect(await valueOf('coldroom_bags{state="approved"}')).toBe(1);
  expect(await valueOf('coldroom_store_available{store="main"}')).toBeUndefined();
});

test('shown again within ten seconds, it reads nothing', async () => {
  const shown = new RegisterMetrics(scene.register);
  await shown.show();
  const scans = jest.spyOn(scene.register.scans, 'last');
  await shown.show();
  expect(scans).not.toHaveBeenCalled();
});

test('the last good backup is shown, and failures since then', async () => {
  const { register } = scene;
  await new RegisterMetrics(register).show();
  expect(await valueOf('coldroom_backup_failures{database="register",place="directory"}')).toBeUndefined();
  const of = { kind: 'backup', database: 'register', place: 'directory', shown: '/backup' } as const;
  const good = await register.backupRuns.begin(of, 'test');
  await register.backupRuns.finish(good, { name: 'x.dump', bytes: 12n });
  for (const reason of ['one', 'two'])
    await register.backupRuns.fail(await register.backupRuns.begin(of, 'test'), { code: 'BACKUP_NO_SPACE', reason });
  await new RegisterMetrics(register).show();
  expect(await valueOf('coldroom_backup_failures{database="register",place="directory"}')).toBe(2);
  expect(await valueOf('coldroom_backup_bytes{database="register",place="directory"}')).toBe(12);
  expect(
    await valueOf('coldroom_backup_finished_timestamp_seconds{database="register",place="directory"}'),
  ).toBeGreaterThan(Date.now() / 1000 - 60);
});
