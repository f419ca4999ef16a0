import { setTimeout as sleep } from 'node:timers/promises';
import { ran } from '../run';
import { until } from './cluster';
import { bagsDoneTwice, copies, lastEvent, unfinishedBags } from './facts';
import { prove, services, type Walk } from './install';

const all = services.map((name) => `deployment/${name}`);

/** Archives and retrieves a request while both servers are killed, all pods are replaced and a machine is drained. */
export async function archiveWhilePodsMove(walk: Walk): Promise<void> {
  const { cluster, say } = walk;
  const begun = await lastEvent(cluster);
  await cluster.coldroom('scan');
  // What follows may take longer than the work, which must not be over before.
  await cluster.coldroom('stop', '--reason', 'servers are about to be killed');
  await cluster.coldroom('requests', 'approve', '1', '--yes');
  await until('the bags are packed', async () => (await unfinishedBags(cluster)) > 0);
  await cluster.coldroom('resume');
  await killServers(walk);
  await cluster.coldroom('stop', '--reason', 'pods are about to be replaced');
  await update(walk);
  await finished(walk);
  const twice = await bagsDoneTwice(cluster, copies, begun);
  if (twice > 0) throw new Error(`${twice} bags were copied twice`);
  await prove(walk, 'after the loss of Redis and the register and a rolling update');
  await drain(walk);
  await finished(walk);
  await prove(walk, 'after a drain in the middle of a restore');
  await rotatePassword(walk);
  await cluster.coldroom('audit');
  say('the audit has no findings');
}

/** They come back on the first machine, as their data would in a cluster whose machines share none. */
async function killServers({ cluster, say, nodes }: Walk): Promise<void> {
  for (const node of nodes.slice(1)) await ran('kubectl', ['cordon', node]);
  for (const name of ['redis', 'register']) {
    await sleep(500);
    await cluster.kubectl('delete', 'pod', '-l', `app.kubernetes.io/name=${name}`, '--grace-period=0', '--force');
  }
  await cluster.rolledOut(['deployment/redis', 'statefulset/register']);
  for (const node of nodes.slice(1)) await ran('kubectl', ['uncordon', node]);
  await busy({ cluster, say }, 'Redis and the register were killed');
}

async function update(walk: Walk): Promise<void> {
  const { cluster, images } = walk;
  for (const each of all) await cluster.kubectl('set', 'image', each, `coldroom=${images.next}`);
  await cluster.kubectl('set', 'image', 'deployment/transfer', `prepared=${images.next}`);
  await cluster.coldroom('resume');
  await whileBusy(walk, 'all services were replaced by another build', cluster.rolledOut(all), async () => {
    const pods = await cluster.kubectl('get', 'pods', '-o', 'jsonpath={.items[*].status.containerStatuses[*].image}');
    return pods.includes(images.next);
  });
}

async function drain(walk: Walk): Promise<void> {
  const { cluster, say, nodes } = walk;
  const [, machine] = nodes;
  if (machine === undefined) return say('SKIPPED: the cluster has a single machine, which cannot be drained');
  const onMachine = async (): Promise<number> => {
    const names = await cluster.kubectl('get', 'pods', `--field-selector=spec.nodeName=${machine}`, '-o', 'name');
    return names.split('\n').filter((name) => name !== '').length;
  };
  const before = await onMachine();
  await cluster.coldroom('restore', 'Request:1', '--yes', '--no-wait');
  const words = ['--ignore-daemonsets', '--delete-emptydir-data', '--timeout=180s'];
  const drained = ran('kubectl', ['drain', machine, ...words, '--pod-selector=app.kubernetes.io/name=coldroom']);
  await whileBusy(walk, `${machine} was drained`, drained, async () => (await onMachine()) < before);
  await cluster.rolledOut([...all, 'deployment/cli']);
  await ran('kubectl', ['uncordon', machine]);
}

/** Waits for a disturbance; an error if no bag was unfinished at a moment at which it had begun to show. */
async function whileBusy(
  { cluster, say }: Walk,
  what: string,
  disturbance: Promise<unknown>,
  hasBegun: () => Promise<boolean>,
): Promise<void> {
  let isOver = false;
  let most = 0;
  const ended = disturbance.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    // The register may be asked at a bad moment.
    const unfinished = (await hasBegun()) ? await unfinishedBags(cluster).catch(() => 0) : 0;
    most = Math.max(most, unfinished);
    await sleep(300);
  }
  await ended;
  if (most === 0) throw new Error(`no bag was unfinished meanwhile, which proves nothing: ${what}`);
  say(`${what}, with up to ${most} bags unfinished meanwhile`);
}

/** A change of the Secret takes effect when the pods are replaced. */
async function rotatePassword({ cluster, say }: Walk): Promise<void> {
  const password = `rotated${Date.now()}`;
  await cluster.register(`ALTER ROLE coldroom PASSWORD '${password}'`);
  const url = Buffer.from(`postgres://coldroom:${password}@register:5432/coldroom`).toString('base64');
  await cluster.kubectl('patch', 'secret', 'coldroom-secrets', '-p', JSON.stringify({ data: { register_url: url } }));
  for (const each of [...all, 'deployment/cli']) await cluster.kubectl('rollout', 'restart', each);
  await cluster.rolledOut([...all, 'deployment/cli']);
  say('all services use a new password of the register, from the changed Secret');
}

/** What is disturbed must be under way: otherwise the walk proves nothing. */
export async function busy({ cluster, say }: Pick<Walk, 'cluster' | 'say'>, what: string): Promise<void> {
  const unfinished = await unfinishedBags(cluster);
  if (unfinished === 0) throw new Error(`all bags were finished before this was over, which proves nothing: ${what}`);
  say(`${what}, with ${unfinished} bags unfinished`);
}

export async function finished({ cluster }: Pick<Walk, 'cluster'>): Promise<void> {
  await cluster.coldroom('watch', '--until-done', '--json');
}
