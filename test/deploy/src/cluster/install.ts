import { Cluster, until } from './cluster';
import { ran, run } from '../run';

export interface Walk {
  readonly cluster: Cluster;
  readonly say: (line: string) => void;
  /** All machines of the cluster; what keeps data is on the first. */
  readonly nodes: readonly string[];
  readonly images: Images;
}

export interface Images {
  readonly coldroom: string;
  /** The same code under another name: what an upgrade looks like to the pods. */
  readonly next: string;
  readonly sample: string;
}

export const services = ['scanner', 'checksum', 'transfer', 'ingest-watcher', 'linker', 'console'] as const;
const overlay = 'k8s/overlays/local';
const dataOnNodes = '/var/lib/coldroom-local';

/** Removes what an earlier run left in the cluster and in the directory of the sample. */
export async function clean({ cluster, nodes, images }: Walk): Promise<void> {
  await run('kubectl', ['delete', 'namespace', cluster.namespace, '--ignore-not-found', '--timeout=120s']);
  const volumes = await run('kubectl', ['get', 'pv', '-o', 'name']);
  const ours = volumes.stdout.split('\n').filter((name) => name.includes('/coldroom-local-'));
  if (ours.length > 0) await ran('kubectl', ['delete', ...ours, '--timeout=60s']);
  for (const node of nodes) await ran('kubectl', ['uncordon', node]);
  const pod = {
    spec: {
      nodeName: nodes[0],
      containers: [
        {
          name: 'clean',
          image: images.sample,
          imagePullPolicy: 'IfNotPresent',
          command: ['find', '/data', '-mindepth', '1', '-delete'],
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
      volumes: [{ name: 'data', hostPath: { path: dataOnNodes, type: 'DirectoryOrCreate' } }],
    },
  };
  const words = ['run', 'coldroom-clean', '-n', 'default', `--image=${images.sample}`, '--restart=Never'];
  await run('kubectl', ['delete', 'pod', 'coldroom-clean', '-n', 'default', '--ignore-not-found']);
  await ran('kubectl', [...words, `--overrides=${JSON.stringify(pod)}`]);
  await ran('kubectl', [
    ...['wait', '-n', 'default', 'pod/coldroom-clean', '--timeout=120s'],
    '--for=jsonpath={.status.phase}=Succeeded',
  ]);
  await ran('kubectl', ['delete', 'pod', 'coldroom-clean', '-n', 'default']);
}

/** From nothing to services whose own checks find no fault. */
export async function install({ cluster, say, nodes, images }: Walk, sampleImages: number): Promise<void> {
  const [, ...others] = nodes;
  for (const node of others) await ran('kubectl', ['cordon', node]);
  await cluster.apply(await rendered(`${overlay}/sample`, images, sampleImages));
  await cluster.kubectl('wait', '--for=condition=complete', '--timeout=300s', 'job/omero-sample');
  say('the sample OMERO is made');
  await cluster.apply(withSecondMigration(await rendered(overlay, images, sampleImages)));
  await cluster.rolledOut(['statefulset/register', 'deployment/redis', 'deployment/omeroweb']);
  for (const node of others) await ran('kubectl', ['uncordon', node]);
  await cluster.kubectl('wait', '--for=condition=complete', '--timeout=300s', 'job/migrate', `job/${secondMigration}`);
  const [twice] = await cluster.register('SELECT count(*) - count(DISTINCT name) FROM migration');
  if (Number(twice) !== 0) throw new Error(`${twice} migrations were carried out twice`);
  say('two Jobs migrated the register at the same time, and each migration was carried out once');
  await cluster.rolledOut(services.map((name) => `deployment/${name}`));
  for (const name of ['checksum', 'transfer']) await cluster.kubectl('rollout', 'restart', `deployment/${name}`);
  await cluster.rolledOut(services.map((name) => `deployment/${name}`));
  await cluster.scale('cli', 1);
  await cluster.coldroom('doctor');
  say('all services are ready, and doctor finds no fault');
}

const secondMigration = 'migrate-too';

/** The Job that migrates the register, and another one that does the same at the same time. */
function withSecondMigration(manifests: string): string {
  const job = manifests.split(/^---$/m).find((each) => /^kind: Job$/m.test(each) && /^ {2}name: migrate$/m.test(each));
  if (job === undefined) throw new Error('the manifests have no Job "migrate"');
  return `${manifests}\n---\n${job.replace(/^ {2}name: migrate$/m, `  name: ${secondMigration}`)}`;
}

/** The manifests of a directory with the images of this run. */
export async function rendered(directory: string, images: Images, sampleImages = 0): Promise<string> {
  const yaml = await ran('kubectl', ['kustomize', directory]);
  return yaml
    .replaceAll(/image: coldroom:\S+/g, `image: ${images.coldroom}`)
    .replaceAll(/image: coldroom-sample:\S+/g, `image: ${images.sample}`)
    .replaceAll(/(name: SAMPLE_IMAGES\n\s+value: )"\d+"/g, `$1"${sampleImages}"`);
}

/** What each running pod of Coldroom's image really has, as the kernel tells it. */
export async function checkRights({ cluster, say }: Walk): Promise<void> {
  const script = [
    "awk '/^(CapEff|CapBnd|NoNewPrivs|Seccomp|Uid|Gid):/ {print $1, $2}' /proc/self/status",
    'if touch /app/new 2>/dev/null; then echo "root: writable"; else echo "root: read-only"; fi',
    'ls /var/run/secrets/kubernetes.io 2>/dev/null | head -n 1',
  ].join('; ');
  const wanted =
    'Uid: 1000\nGid: 1000\nCapEff: 0000000000000000\nCapBnd: 0000000000000000\nNoNewPrivs: 1\nSeccomp: 2\nroot: read-only\n';
  for (const service of services) {
    const pods = await cluster.running(service);
    if (pods.length === 0) throw new Error(`no pod of ${service} is running`);
    for (const { metadata } of pods) {
      const found = await cluster.kubectl('exec', metadata.name, '--', 'sh', '-c', script);
      if (sorted(found) !== sorted(wanted)) throw new Error(`${metadata.name} has other rights:\n${found}`);
    }
  }
  say('each pod is uid 1000 with a read-only root, no capability, no new privileges, a seccomp filter, and no token');
}

const sorted = (lines: string): string => lines.split('\n').sort().join('\n');

/** Compares every byte of OMERO's tree and of the store with what was there before. */
export async function prove({ cluster, say }: Walk, when: string): Promise<void> {
  await cluster.kubectl('delete', 'job', 'prove', '--ignore-not-found');
  await cluster.kubectl('create', 'job', 'prove', '--from=cronjob/prove');
  const ended = async (): Promise<boolean> =>
    (await cluster.kubectl('get', 'job', 'prove', '-o', 'jsonpath={.status.succeeded}{.status.failed}')) !== '';
  await until('the proof has ended', ended, 900_000);
  const line = (await cluster.kubectl('logs', 'job/prove')).trim().split('\n').at(-1) ?? '';
  const { paths, links, bags, faultCount } = JSON.parse(line) as Record<string, number>;
  if (faultCount !== 0) throw new Error(`the proof has ${faultCount} faults: ${line.slice(0, 4000)}`);
  say(`${paths} paths read the bytes they had, ${links} of them links, ${bags} bags are whole ${when}`);
}
