import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { repository, run } from '../run';
import { until, type Cluster } from './cluster';
import { bagsDoneTwice, copies, lastEvent, unfinishedBags, workers } from './facts';
import { prove, rendered, type Walk } from './install';

const directory = 'k8s/overlays/local-keda';
const stages = ['checksum', 'transfer'] as const;
/** Longer than several looks of KEDA. */
const pendingMs = 30_000;

interface ScaledJob {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    maxReplicaCount: number;
    readonly jobTargetRef: { readonly template: { readonly spec: { nodeSelector?: Record<string, string> } } };
  };
}

interface Job {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Archives a request by workers that KEDA starts and ends, from none to none, with an empty Redis. */
export async function scaleByRegister(walk: Walk): Promise<void> {
  const { cluster, say, images } = walk;
  if ((await run('kubectl', ['get', 'crd', 'scaledjobs.keda.sh'])).code !== 0)
    return say('SKIPPED: this cluster has no KEDA');
  const begun = await lastEvent(cluster);
  for (const each of stages) await cluster.scale(each, 0);
  await cluster.coldroom('requests', 'approve', '2', '--yes');
  await until('the bags are packed', async () => (await unfinishedBags(cluster)) > 0);
  await cluster.kubectl('exec', 'deployment/redis', '--', 'redis-cli', 'flushall');
  await grant(cluster);
  const yaml = ofKeda(await rendered(directory, images));
  await startNoSurplus(walk, yaml);
  await cluster.apply(yaml);
  const caps = new Map(scaledJobs(yaml).map(({ metadata, spec }) => [metadata.name, spec.maxReplicaCount]));
  const most = await untilArchived(cluster, caps);
  say(`archived by KEDA's Jobs alone: at most ${described(most)} at a time`);
  await until('no Job of KEDA is left at work', async () => (await unfinishedJobs(cluster)).size === 0);
  say(`back to none; ${(await workers(cluster, copies, begun)).length} pods have copied bags`);
  const twice = await bagsDoneTwice(cluster, copies, begun);
  if (twice > 0) throw new Error(`${twice} bags were copied twice`);
  await cluster.kubectl('delete', 'scaledjobs,triggerauthentications', '--all');
  for (const each of stages) await cluster.scale(each, 2);
  await prove(walk, 'after scaling from none to none');
}

/** The role of docs/keda-grants.sql, with the password that the overlay has. */
async function grant(cluster: Cluster): Promise<void> {
  const password = "ALTER ROLE coldroom_keda PASSWORD 'sample'";
  await cluster.register(`${readFileSync(join(repository, 'docs', 'keda-grants.sql'), 'utf8')}; ${password}`);
}

/** What the overlay has beyond that without KEDA. */
function ofKeda(yaml: string): string {
  const all = parseAllDocuments(yaml).map((each) => each.toJS() as ScaledJob);
  const kept = all.filter(({ kind, metadata: { name } }) =>
    kind === 'Secret' ? name.startsWith('keda-register') : ['ScaledJob', 'TriggerAuthentication'].includes(kind),
  );
  return kept.map((each) => JSON.stringify(each)).join('\n---\n');
}

/** Pods that no machine takes do not make KEDA start more of them. */
async function startNoSurplus({ cluster, say }: Walk, yaml: string): Promise<void> {
  await cluster.apply(
    changed(yaml, ({ spec }) => {
      spec.maxReplicaCount = 60; // more than there are bags
      spec.jobTargetRef.template.spec.nodeSelector = { 'coldroom.test/machine': 'none' };
    }),
  );
  await until('KEDA has started Jobs', async () => (await unfinishedJobs(cluster)).size > 0);
  await sleep(pendingMs);
  const started = await unfinishedJobs(cluster);
  const due = await unfinishedBags(cluster); // all of them wait for checksum
  if ((started.get('checksum') ?? 0) > due || (started.get('transfer') ?? 0) > 0)
    throw new Error(`KEDA started ${described(started)} for ${due} bags, while their pods were pending`);
  say(`${described(started)} for ${due} bags after ${pendingMs / 1000} s in which no pod could start`);
  await cluster.kubectl('delete', 'scaledjobs', '--all');
  await until('these Jobs are gone', async () => (await unfinishedJobs(cluster)).size === 0);
}

/** The most Jobs at a time, by ScaledJob; an error if that is more than allowed. */
async function untilArchived(
  cluster: Cluster,
  caps: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  const most = new Map<string, number>();
  await until(
    'everything is archived',
    async () => {
      for (const [name, count] of await unfinishedJobs(cluster)) {
        if (count > (caps.get(name) ?? 0))
          throw new Error(`${count} Jobs of ${name}, and ${caps.get(name)} are allowed`);
        most.set(name, Math.max(most.get(name) ?? 0, count));
      }
      return (await unfinishedBags(cluster)) === 0;
    },
    600_000,
  );
  return most;
}

async function unfinishedJobs(cluster: Cluster): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { metadata, status } of await cluster.get<Job>('jobs', '-l', 'scaledjob.keda.sh/name')) {
    const ended = (status.conditions ?? []).some(
      (each) => ['Complete', 'Failed'].includes(each.type) && each.status === 'True',
    );
    const name = metadata.labels?.['scaledjob.keda.sh/name'] ?? '';
    if (!ended) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function scaledJobs(yaml: string): readonly ScaledJob[] {
  const documents = parseAllDocuments(yaml).map((each) => each.toJS() as ScaledJob);
  return documents.filter(({ kind }) => kind === 'ScaledJob');
}

function changed(yaml: string, change: (job: ScaledJob) => void): string {
  return parseAllDocuments(yaml)
    .map((each) => {
      const document = each.toJS() as ScaledJob;
      if (document.kind === 'ScaledJob') change(document);
      return JSON.stringify(document);
    })
    .join('\n---\n');
}

const described = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([name, count]) => `${count} Jobs of ${name}`).join(' and ') || 'no Job';
