import { join } from 'node:path';
import { ran, repository, run } from '../run';
import { mainOf, podsOf, variablesOf, type Manifest, type Mount, type Pod, type Volume } from '../kubernetes/manifests';
import { canRender, howToRender, render } from '../kubernetes/render';
import { drillServer, newestIn, type Backups } from './back-up';
import type { Stack } from './stack';
import type { Walk } from './walk';

interface PodRights {
  readonly runAsUser: number;
  readonly runAsGroup: number;
  readonly supplementalGroups: readonly number[];
}

/** What the CronJobs of k8s/backup would run: containers of the same image, with their user, mounts and variables alone. */
export async function runCronJobs({ say }: Pick<Walk, 'say'>, stack: Stack, backups: Backups): Promise<void> {
  if (!canRender) return say(`SKIPPED: what the CronJobs for backups run. ${howToRender}`);
  const manifests = render('example', (text) => text.replaceAll(/^( +)# (- .*backup)/gm, '$1$2'));
  const before = newestIn(backups.directory, 'register') ?? '';
  await runPod({ name: 'backup', manifests, stack, backups });
  const made = newestIn(backups.directory, 'register') ?? '';
  if (made <= before) throw new Error('the container of the CronJob backup made no dump');
  const drilled = await runPod({ name: 'drill', manifests, stack, backups, also: drillServer });
  if (!drilled.includes(made))
    throw new Error(`the container of the CronJob drill did not restore ${made}:\n${drilled}`);
  say(`what the CronJobs of Kubernetes run made ${made}, and restored it`);
}

interface Start {
  readonly name: string;
  readonly manifests: readonly Manifest[];
  readonly stack: Stack;
  readonly backups: Backups;
  /** A variable that docs/kubernetes.md says to add. */
  readonly also?: string;
}

async function runPod({ name, manifests, stack, backups, also }: Start): Promise<string> {
  const pod = podsOf(manifests).find(({ of }) => of === `CronJob ${name}`) as Pod;
  const { args = [], volumeMounts = [] } = mainOf(pod);
  const variables = Object.entries(variablesOf(pod, manifests)).map(([key, value]) => `${key}=${value}`);
  const container = `${stack.project}-cron-${name}`;
  await run('docker', ['rm', '--force', container]);
  await ran('docker', [
    ...['create', '--name', container, '--network', `${stack.project}_coldroom`],
    ...rightsOf(pod),
    ...volumeMounts.flatMap((mount) => mounted(mount, volumeOf(pod, mount), stack, backups)),
    ...[...variables, ...(also ? [also] : [])].flatMap((variable) => ['--env', variable]),
    backups.image,
    ...args,
  ]);
  try {
    await ran('docker', ['network', 'connect', 'coldroom-test_omero', container]);
    return await ran('docker', ['start', '--attach', container]);
  } finally {
    await run('docker', ['rm', '--force', container]);
  }
}

function rightsOf({ spec }: Pod): readonly string[] {
  const { runAsUser, runAsGroup, supplementalGroups } = spec.securityContext as PodRights;
  return [
    ...['--user', `${runAsUser}:${runAsGroup}`, ...supplementalGroups.flatMap((id) => ['--group-add', String(id)])],
    ...['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges:true', '--memory', '512m'],
  ];
}

const volumeOf = ({ of, spec }: Pod, { name }: Mount): Volume => {
  const volume = spec.volumes?.find((each) => each.name === name);
  if (!volume) throw new Error(`${of} has no volume ${name}`);
  return volume;
};

/** The same directory at the same path, as the compose stack has it. */
function mounted(mount: Mount, volume: Volume, stack: Stack, { secrets, directory }: Backups): readonly string[] {
  const { mountPath, readOnly } = mount;
  if (volume.emptyDir) return ['--tmpfs', `${mountPath}:size=128m`];
  const places: Readonly<Record<string, string>> = {
    omero: 'coldroom-test_omero',
    store: `${stack.project}_store`,
    backups: directory,
  };
  const mode = readOnly ? 'ro' : 'rw';
  const files = volume.secret?.items?.map(({ path }) => [join(secrets, path), path]) ?? [];
  const settings = volume.configMap ? [[join(repository, 'deploy', 'stores-sample.yaml'), 'stores.yaml']] : [];
  const single = [...files, ...settings];
  if (single.length > 0) return single.flatMap(([from, path]) => ['--volume', `${from}:${mountPath}/${path}:${mode}`]);
  return ['--volume', `${places[mount.name]}:${mountPath}:${mode}`];
}
