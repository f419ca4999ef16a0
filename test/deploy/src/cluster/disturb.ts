import { setTimeout as sleep } from 'node:timers/promises';
import { ran } from '../run';
import { bagsDoneTwice, copies, lastEvent, unfinishedBags } from './facts';
import { prove, services, type Walk } from './install';

const all = services.map((name) => `deployment/${name}`);

/** Archives a request while both servers are killed, all pods are replaced by another build, and a machine is drained. */
export async function archiveWhilePodsMove(walk: Walk): Promise<void> {
  const { cluster, say } = walk;
  const begun = await lastEvent(cluster);
  await cluster.coldroom('scan');
  await cluster.coldroom('requests', 'approve', '1', '--yes');
  await killServers(walk);
  await updateAndDrain(walk);
  await finished(walk);
  const twice = await bagsDoneTwice(cluster, copies, begun);
  if (twice > 0) throw new Error(`${twice} bags were copied twice`);
  await prove(walk, 'after the loss of Redis and the register, a rolling update and a drain');
  await rotatePassword(walk);
  await cluster.coldroom('audit');
  say('the audit has no findings');
}

async function killServers({ cluster, say }: Walk): Promise<void> {
  for (const pods of [
    ['-l', 'app.kubernetes.io/name=redis'],
    ['-l', 'app.kubernetes.io/name=register'],
  ]) {
    await sleep(3000);
    await cluster.kubectl('delete', 'pod', ...pods, '--grace-period=0', '--force');
  }
  await cluster.rolledOut(['deployment/redis', 'statefulset/register']);
  await busy({ cluster, say }, 'Redis and the register were killed');
}

async function updateAndDrain(walk: Walk): Promise<void> {
  const { cluster, images, nodes } = walk;
  for (const each of all) await cluster.kubectl('set', 'image', each, `coldroom=${images.next}`);
  await cluster.kubectl('set', 'image', 'deployment/transfer', `prepared=${images.next}`);
  await cluster.rolledOut(all);
  await busy(walk, 'all services were replaced by another build');
  const [, drained] = nodes;
  if (drained === undefined) return walk.say('SKIPPED: the cluster has a single machine, which cannot be drained');
  await ran('kubectl', [
    ...['drain', drained, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=180s'],
    `--pod-selector=app.kubernetes.io/name=coldroom`,
  ]);
  await cluster.rolledOut(all);
  await busy(walk, `${drained} was drained`);
  await ran('kubectl', ['uncordon', drained]);
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
