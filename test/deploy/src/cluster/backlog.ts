import { until, type Cluster, type Pod } from './cluster';
import { busy } from './disturb';
import { bagsDoneTwice, copies, lastEvent, unfinishedBags, workers, type Step } from './facts';
import { prove, services, type Walk } from './install';

const job = 'transfer-backlog';

/** Archives requests by the Job for backlogs alone, while its pods are killed and a machine is lost. */
export async function emptyBacklog(
  walk: Walk,
  requests: readonly string[],
  lose: ((node: string) => Promise<void>) | undefined,
): Promise<void> {
  const { cluster, say } = walk;
  await cluster.scale('transfer', 0);
  const begun = await lastEvent(cluster);
  await cluster.coldroom('requests', 'approve', ...requests, '--yes');
  await until(
    'all bags wait for transfer',
    async () => (await waiting(cluster)) > 0 && (await unhashed(cluster)) === 0,
  );
  say(`${await waiting(cluster)} bags wait for the backlog Job`);
  await workOff(walk, { step: copies, since: begun }, lose);
}

interface Backlog {
  readonly step: Step;
  /** The event after which it began. */
  readonly since: number;
}

/** The rest of it: the Job, its pods that are killed, the machine that is lost, and what became of the bags. */
export async function workOff(
  walk: Walk,
  { step, since }: Backlog,
  lose: ((node: string) => Promise<void>) | undefined,
): Promise<void> {
  const { cluster, say, nodes } = walk;
  await startSlowly(cluster);
  await until('a pod of the backlog Job is running', async () => (await cluster.running(job)).length > 0);
  for (const { metadata } of (await cluster.running(job)).slice(0, 2))
    await cluster.kubectl('delete', 'pod', metadata.name, '--grace-period=0', '--force', '--wait=false');
  await busy(walk, 'two pods of the backlog Job were killed');
  say(`pods of the backlog Job on: ${[...(await machines(cluster))].join(', ')}`);
  const [, victim] = nodes;
  if (lose && victim) {
    await lose(victim);
    await busy(walk, `${victim} was lost`);
    const lost = Date.now();
    await until('the services run on the machines that are left', () => areReadyWithout(cluster, victim));
    say(`all services are ready on the other machines ${seconds(Date.now() - lost)} after the loss`);
  } else say('SKIPPED: no machine is lost (set LOSE_NODE to a command that ends one, in a cluster of two or more)');
  // `Complete` waits for the pods of the lost machine, which cannot be seen to end.
  await cluster.kubectl('wait', '--for=condition=SuccessCriteriaMet', '--timeout=600s', `job/${job}`);
  say('the backlog Job has succeeded');
  await cluster.scale('transfer', 1);
  await until('everything is archived', async () => (await unfinishedBags(cluster)) === 0, 600_000);
  const twice = await bagsDoneTwice(cluster, step, since);
  if (twice > 0) throw new Error(`${twice} bags were done twice`);
  await sayCost(walk, { step, since });
  await prove(walk, 'after a machine was lost');
  await cluster.coldroom('audit');
  say('the audit has no findings');
}

/** With little processor time for each pod: the sample is small, and pods are to be killed before it is done. */
async function startSlowly(cluster: Cluster): Promise<void> {
  const template = await cluster.kubectl(
    ...['create', 'job', job, `--from=cronjob/${job}`, '--dry-run=client', '-o', 'json'],
  );
  await cluster.apply(template.replaceAll('"cpu": "2"', '"cpu": "150m"'));
}

/** A Job that finds nothing ends by itself. */
export async function idleJob({ cluster, say }: Walk): Promise<void> {
  await cluster.kubectl('delete', 'job', job, '--ignore-not-found');
  await cluster.kubectl('create', 'job', job, `--from=cronjob/${job}`);
  const begun = Date.now();
  await cluster.kubectl('wait', '--for=condition=complete', '--timeout=120s', `job/${job}`);
  say(`a backlog Job that finds nothing ends after ${seconds(Date.now() - begun)}`);
  await cluster.kubectl('delete', 'job', job);
}

const waiting = async (cluster: Cluster): Promise<number> => count(cluster, "state = 'hashed'");
const unhashed = async (cluster: Cluster): Promise<number> => count(cluster, "state = 'approved'");

async function count(cluster: Cluster, which: string): Promise<number> {
  const [bags] = await cluster.register(`SELECT count(*) FROM bag WHERE ${which}`);
  return Number(bags);
}

async function machines(cluster: Cluster): Promise<ReadonlySet<string>> {
  return new Set((await cluster.running(job)).map(({ spec }) => spec.nodeName ?? 'none'));
}

async function areReadyWithout(cluster: Cluster, node: string): Promise<boolean> {
  const isReady = ({ spec, status }: Pod): boolean =>
    spec.nodeName !== node && (status.conditions ?? []).some((each) => each.type === 'Ready' && each.status === 'True');
  for (const service of services.filter((each) => each !== 'transfer'))
    if (!(await cluster.running(service)).some(isReady)) return false;
  return true;
}

/** From scheduled to the first bag, and per bag. */
async function sayCost({ cluster, say }: Walk, { step, since }: Backlog): Promise<void> {
  const pods = new Map((await cluster.pods(job)).map((pod) => [pod.metadata.name, pod]));
  for (const { name, bags, msABag, firstBagAt } of await workers(cluster, step, since)) {
    const scheduled = pods.get(name)?.status.conditions?.find(({ type }) => type === 'PodScheduled');
    const before = scheduled
      ? `, its first one ${seconds(firstBagAt - Date.parse(scheduled.lastTransitionTime))} after it was scheduled`
      : '';
    say(`${name}: ${bags} bags, ${msABag} ms a bag${before}`);
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
