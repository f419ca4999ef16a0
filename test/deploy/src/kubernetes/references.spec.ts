import { describeManifests } from './describe-manifests';
import { mainOf, ours, podsOf, selects, type Labels, type Manifest, type Pod } from './manifests';
import { overlays, render } from './render';

/** What a pod of each kind names. */
function namedBy({ spec }: Pod): readonly (readonly [kind: string, name: string, keys?: readonly string[]])[] {
  const settings = [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ envFrom = [], env = [] }) => [
    ...envFrom.map(({ configMapRef }) => ['ConfigMap', configMapRef.name] as const),
    ...env.flatMap(({ valueFrom: { configMapKeyRef: ref } = { configMapKeyRef: undefined } }) =>
      ref ? [['ConfigMap', ref.name, [ref.key]] as const] : [],
    ),
  ]);
  const volumes = (spec.volumes ?? []).flatMap(({ configMap, secret, persistentVolumeClaim: claim }) => [
    ...(configMap ? [['ConfigMap', configMap.name] as const] : []),
    ...(secret ? [['Secret', secret.secretName, (secret.items ?? []).map(({ key }) => key)] as const] : []),
    ...(claim ? [['PersistentVolumeClaim', claim.claimName] as const] : []),
  ]);
  const account = spec.serviceAccountName === undefined ? [] : [['ServiceAccount', spec.serviceAccountName] as const];
  return [...settings, ...volumes, ...account];
}

/** The base has neither: secrets are made, and claims exist, where it is used. */
const comesLater = (overlay: string, kind: string): boolean =>
  overlay === 'with-redis-postgres' && /^(Secret|PersistentVolumeClaim)$/.test(kind);
/** In the example with all options the claims have the names that OMERO's namespace has. */
const otherClaim = 'omero-data';

describeManifests.each(overlays)('in %s', (overlay) => {
  const manifests = render(overlay);
  const pods = podsOf(manifests);
  const find = (kind: string, name: string): Manifest | undefined =>
    manifests.find((each) => each.kind === kind && each.metadata.name === name);

  test('there is everything that pods name, with the keys that they name', () => {
    for (const pod of pods)
      for (const [kind, name, keys = []] of namedBy(pod)) {
        if (comesLater(overlay, kind) || name === otherClaim) continue;
        const { data = {}, stringData = {} } = find(kind, name) ?? {};
        expect([pod.of, kind, name, find(kind, name)?.kind]).toEqual([pod.of, kind, name, kind]);
        expect([pod.of, keys.filter((key) => !(key in data) && !(key in stringData))]).toEqual([pod.of, []]);
      }
  });

  test('all pods of OMERO mount the same claims', () => {
    const claims = ours(pods).flatMap(({ spec }) => spec.volumes?.filter(({ name }) => name === 'omero') ?? []);
    const expected = overlay === 'example-keda' ? otherClaim : 'omero';
    expect(claims.length).toBeGreaterThanOrEqual(5);
    for (const claim of claims) expect(claim.persistentVolumeClaim).toEqual({ claimName: expected });
  });

  test('each controller finds its pods, and each Service those that listen at its port', () => {
    for (const pod of pods)
      if (/^(Deployment|StatefulSet) /.test(pod.of))
        expect([pod.of, selects(pod.manifest.spec.selector.matchLabels as Labels, pod.labels)]).toEqual([pod.of, true]);
    for (const { metadata, spec } of manifests.filter(({ kind }) => kind === 'Service')) {
      const behind = pods.filter(({ labels }) => selects(spec.selector as Labels, labels));
      const ports = behind.flatMap((pod) => mainOf(pod).ports ?? []);
      for (const { port, targetPort = port } of spec.ports as { port: number; targetPort?: number | string }[])
        expect([
          metadata.name,
          behind.length > 0,
          ports.some((each) => [each.name, each.containerPort].includes(targetPort)) || overlay.startsWith('local'),
        ]).toEqual([metadata.name, true, true]);
    }
  });

  test('all objects are in one namespace, and no name is there twice', () => {
    const names = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names).toEqual([...new Set(names)]);
    const namespaces = manifests
      .filter(({ kind }) => !/^(Namespace|PersistentVolume)$/.test(kind))
      .map(({ metadata }) => (metadata as { namespace?: string }).namespace);
    expect([...new Set(namespaces)]).toEqual([overlay === 'with-redis-postgres' ? undefined : 'coldroom']);
  });
});
