import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../run';
import { describeManifests } from './describe-manifests';
import { mainOf, ours, podsOf, type Pod } from './manifests';
import { overlays, render } from './render';

/** Images of others that the overlays start, and the users that they have there. */
const servers: Readonly<Record<string, number>> = { register: 999, redis: 999 };
/** In the overlay for tests alone: what makes and serves the sample, and a register that takes its directory as root. */
const ofTheSample = ['register', 'database', 'omeroweb', 'omero-sample', 'prove'];
const stopGraceSeconds = 20; // COLDROOM_STOP_GRACE

const nameOf = ({ manifest }: Pod): string => manifest.metadata.name;

describeManifests.each(overlays)('each pod of %s', (overlay) => {
  const all = podsOf(render(overlay));
  const own = ours(all);
  const others = all.filter((pod) => !own.includes(pod));
  const strict = [
    ...own,
    ...others.filter((pod) => !overlay.startsWith('local') || !ofTheSample.includes(nameOf(pod))),
  ];

  test('is one of Coldroom, or of a server that is named here', () => {
    const known = overlay.startsWith('local') ? [...ofTheSample, 'redis'] : Object.keys(servers);
    expect(own.length).toBeGreaterThan(8);
    expect(others.map(nameOf).filter((name) => !known.includes(name))).toEqual([]);
  });

  test('runs as an ordinary user, and changes the group of no file of OMERO', () => {
    const id = overlay === 'example-keda' ? 1002 : 1000;
    for (const { of, spec } of own)
      expect([of, spec.securityContext]).toEqual([
        of,
        {
          runAsUser: id,
          runAsGroup: id,
          supplementalGroups: [id],
          runAsNonRoot: true,
          seccompProfile: { type: 'RuntimeDefault' },
        },
      ]);
    for (const pod of strict.filter((each) => !own.includes(each)))
      expect([pod.of, pod.spec.securityContext]).toEqual([
        pod.of,
        expect.objectContaining({
          runAsUser: servers[nameOf(pod)],
          runAsNonRoot: true,
          seccompProfile: { type: 'RuntimeDefault' },
        }),
      ]);
  });

  test('has no capability, a read-only root, and limits, in all of its containers', () => {
    for (const { of, spec } of strict)
      for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
        expect([of, container.securityContext]).toEqual([
          of,
          { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        ]);
        const amounts = expect.objectContaining({ cpu: expect.anything(), memory: expect.anything() });
        expect([of, container.resources]).toEqual([of, { requests: amounts, limits: amounts }]);
        expect([of, container.ports?.filter(({ hostPort }) => hostPort !== undefined) ?? []]).toEqual([of, []]);
      }
  });

  test('has no access to the cluster, nor to the machine that it runs on', () => {
    for (const { of, spec } of all) {
      const { automountServiceAccountToken, enableServiceLinks } = spec;
      expect([of, automountServiceAccountToken, enableServiceLinks]).toEqual([of, false, false]);
      expect([of, Object.keys(spec).filter((key) => key.startsWith('host'))]).toEqual([of, []]);
      for (const volume of spec.volumes ?? [])
        expect([
          of,
          Object.keys(volume).filter((key) => !/^(name|configMap|secret|persistentVolumeClaim|emptyDir)$/.test(key)),
        ]).toEqual([of, []]);
    }
    for (const { of, spec } of strict) expect([of, spec.serviceAccountName]).toEqual([of, 'coldroom']);
  });

  test('names a version of its image, and takes it as it is on the machine', () => {
    for (const { of, spec } of all)
      for (const { image, imagePullPolicy } of [...spec.containers, ...(spec.initContainers ?? [])]) {
        expect([of, imagePullPolicy]).toEqual([of, 'IfNotPresent']);
        const isBase = overlay === 'with-redis-postgres' && image === 'coldroom';
        const isLocal = overlay.startsWith('local') && /^coldroom(-sample)?:latest$/.test(image);
        if (!isBase && !isLocal) expect([of, image]).toEqual([of, expect.stringMatching(/:(?!latest$)[\w.-]+$/)]);
      }
  });

  test('is started elsewhere half a minute after its machine was lost, and may end its work before', () => {
    const tolerations = ['not-ready', 'unreachable'].map((state) => ({
      key: `node.kubernetes.io/${state}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 30,
    }));
    for (const { of, spec } of strict.filter((pod) => nameOf(pod) !== 'register'))
      expect([of, spec.tolerations]).toEqual([of, tolerations]);
    for (const { of, spec } of own)
      expect([of, (spec.terminationGracePeriodSeconds ?? 0) > stopGraceSeconds]).toEqual([of, true]);
  });

  test('of a service is asked for its health at the port of the image', () => {
    const dockerfile = readFileSync(join(repository, 'Dockerfile'), 'utf8');
    const port = Number(/METRICS_PORT=(\d+)/.exec(dockerfile)?.[1]);
    for (const pod of own.filter(
      ({ manifest }) => manifest.kind === 'Deployment' && manifest.metadata.name !== 'cli',
    )) {
      const { startupProbe, readinessProbe, livenessProbe, ports } = mainOf(pod);
      expect([pod.of, ports]).toEqual([pod.of, expect.arrayContaining([{ name: 'metrics', containerPort: port }])]);
      for (const [probe, path] of [
        [startupProbe, '/healthz'],
        [readinessProbe, '/readyz'],
        [livenessProbe, '/healthz'],
      ] as const)
        expect([pod.of, probe?.httpGet]).toEqual([pod.of, { path, port: 'metrics' }]);
    }
  });
});

test('the longest stop of a service is that of the settings', () => {
  const settings = readFileSync(join(repository, 'docs', 'configure.md'), 'utf8');
  expect(/^\| `COLDROOM_STOP_GRACE` .*\| `(\w+)` \|$/m.exec(settings)?.[1]).toBe(`${stopGraceSeconds}s`);
});
