import { describeManifests } from './describe-manifests';
import { ours, podsOf, selects, type Labels, type Manifest, type Pod } from './manifests';
import { render } from './render';

const dns = 53;
const register = 5432;
const redis = 6379;
/** Where a pod of each component may connect to, by port. */
const mayReach: Readonly<Record<string, readonly number[]>> = {
  scanner: [register],
  checksum: [register, redis],
  'checksum-backlog': [register, redis],
  transfer: [register, redis],
  'transfer-backlog': [register, redis],
  'ingest-watcher': [register, redis],
  linker: [register, redis],
  cli: [register, redis],
  console: [register, redis, 80, 443, 4080],
  importer: [register, redis, 4063, 4064],
  notifier: [register, redis, 25, 465, 587],
  migrate: [register],
  backup: [register],
  drill: [register],
};
const usesStores = [
  'checksum',
  'checksum-backlog',
  'transfer',
  'transfer-backlog',
  'ingest-watcher',
  'linker',
  'cli',
  'drill',
];

interface Policy {
  readonly podSelector: {
    readonly matchLabels?: Labels;
    readonly matchExpressions?: readonly {
      readonly key: string;
      readonly operator: 'In' | 'NotIn';
      readonly values: readonly string[];
    }[];
  };
  readonly policyTypes: readonly string[];
  readonly egress?: readonly { readonly ports: readonly { readonly port: number }[] }[];
  readonly ingress?: readonly {
    readonly from?: readonly object[];
    readonly ports: readonly { readonly port: number }[];
  }[];
}

function concerns({ podSelector: { matchLabels = {}, matchExpressions = [] } }: Policy, { labels }: Pod): boolean {
  return (
    selects(matchLabels, labels) &&
    matchExpressions.every(({ key, operator, values }) => values.includes(labels[key] ?? '') === (operator === 'In'))
  );
}

function policiesOf(manifests: readonly Manifest[]): readonly Policy[] {
  return manifests.filter(({ kind }) => kind === 'NetworkPolicy').map(({ spec }) => spec as Policy);
}

describeManifests.each(['with-redis-postgres', 'example', 'example-keda'] as const)('the network of %s', (overlay) => {
  const manifests = render(overlay);
  const pods = podsOf(manifests);
  const policies = policiesOf(manifests);

  test('is closed unless a policy opens it', () => {
    const closed = policies.filter(
      ({ ingress, egress, policyTypes }) => !ingress && !egress && policyTypes.length === 2,
    );
    for (const pod of pods) expect([pod.of, closed.some((policy) => concerns(policy, pod))]).toEqual([pod.of, true]);
    // OMERO's own pods, if they are in the same namespace.
    for (const policy of policies) expect(concerns(policy, { labels: { app: 'omero' } } as unknown as Pod)).toBe(false);
    for (const { policyTypes } of policies)
      for (const type of policyTypes) expect(['Ingress', 'Egress']).toContain(type);
    expect(policies.flatMap(({ ingress = [] }) => ingress).filter(({ from = [] }) => from.length === 0)).toEqual([]);
  });

  test('lets each pod reach what it needs, and nothing else', () => {
    for (const pod of ours(pods)) {
      const ports = policies
        .filter((policy) => concerns(policy, pod))
        .flatMap(({ egress = [] }) => egress.flatMap(({ ports: open }) => open.map(({ port }) => port)));
      const component = pod.labels['app.kubernetes.io/component'] ?? '';
      const stores = overlay === 'example-keda' && usesStores.includes(component) ? [443, 8443] : [];
      const expected = [dns, ...(mayReach[component] ?? []), ...stores];
      expect([pod.of, [...new Set(ports)].sort()]).toEqual([pod.of, [...expected].sort()]);
    }
  });

  test('lets others reach metrics, the console, and servers, each at its one port', () => {
    for (const pod of pods) {
      const ports = policies
        .filter((policy) => concerns(policy, pod))
        .flatMap(({ ingress = [] }) => ingress.flatMap(({ ports: open }) => open.map(({ port }) => port)));
      const own: Readonly<Record<string, readonly number[]>> = {
        console: [9464, 9480],
        register: [register],
        redis: [redis],
      };
      expect([pod.of, ports.sort()]).toEqual([pod.of, own[pod.manifest.metadata.name] ?? [9464]]);
    }
  });
});
