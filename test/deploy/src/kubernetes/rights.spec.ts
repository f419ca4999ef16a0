import { cell, documentedPaths, documentedRights } from '../rights-table';
import { describeManifests } from './describe-manifests';
import { mainOf, ours, podsOf, serviceOf, type Container, type Pod } from './manifests';
import { overlays, render } from './render';

/** Where each volume is mounted, whatever the service. */
const places: Readonly<Record<string, readonly string[]>> = {
  omero: ['/OMERO', '/OMERO/.coldroom'],
  store: ['/archive'],
  secrets: ['/run/secrets'],
  'store-keys': ['/run/store-keys'],
  stores: ['/etc/coldroom'],
  tmp: ['/tmp'],
  backups: ['/backup'],
  buffer: ['/buffer'],
  buffers: ['/etc/coldroom-imports'],
  policies: ['/etc/coldroom-policies'],
  imports: ['/imports'],
};
const usesStores = ['checksum', 'transfer', 'ingest-watcher', 'linker', 'cli', 'drill'];

/** A cluster has its own of each, or has it beside the services. What the service backup does, two CronJobs do. */
const ofComposeAlone = ['register', 'redis', 'caddy', 'prometheus', 'grafana', 'backup'];

const cronJobs: Readonly<Record<string, readonly string[]>> = {
  backup: ['–', '–', '–', '–', 'register_url, backup_omero_url'],
  drill: ['read', '–', 'read', '–', 'register_url, omero_url'],
};

/** The rows of docs/security.md. Only the example with all options has k8s/import and k8s/policies. */
function rightsIn(overlay: string): Readonly<Record<string, readonly string[]>> {
  const rights = documentedRights();
  if (overlay === 'example-keda') return rights;
  const buffer = documentedPaths.indexOf('/buffer');
  const without = Object.entries(rights).filter(([name]) => name !== 'importer');
  return Object.fromEntries(
    without.map(([name, cells]) => [
      name,
      cells.with(buffer, '–').map((text) => text.replace(', policies_omero_url', '')),
    ]),
  );
}

const mountAt = ({ volumeMounts = [] }: Container, path: string): string => {
  const mount = volumeMounts.find(({ mountPath }) => mountPath === path);
  return mount ? (mount.readOnly ? 'read' : 'write') : '–';
};

const secretsOf = ({ spec }: Pod, name: string): readonly string[] =>
  (spec.volumes ?? [])
    .filter(({ secret }) => secret?.secretName.startsWith(name))
    .flatMap(({ secret }) => secret?.items?.map(({ key }) => key) ?? ['all']);

describeManifests.each(overlays)('the pods of %s', (overlay) => {
  const pods = ours(podsOf(render(overlay)));

  test('are those of all services in docs/security.md', () => {
    const documented = Object.keys(rightsIn(overlay)).filter((name) => !ofComposeAlone.includes(name));
    const found = new Set(pods.map(serviceOf).filter((name) => !(name in cronJobs)));
    expect([...found].sort()).toEqual(documented.sort());
  });

  test('have the files and secrets that docs/security.md gives their service, and no others', () => {
    const rights = { ...rightsIn(overlay), ...cronJobs };
    for (const pod of pods) {
      const found = [
        ...documentedPaths.map((path) => mountAt(mainOf(pod), path)),
        cell(secretsOf(pod, 'coldroom-secrets')),
      ];
      expect([pod.of, ...found]).toEqual([
        pod.of,
        ...(rights[serviceOf(pod)]?.slice(0, documentedPaths.length + 1) ?? []),
      ]);
    }
  });

  test('have the stores file and the keys of stores only where stores are used', () => {
    for (const pod of pods) {
      const stores = [...usesStores, 'scanner'].includes(serviceOf(pod)) ? 'read' : '–';
      const keys = overlay === 'example-keda' && usesStores.includes(serviceOf(pod)) ? ['all'] : [];
      expect([pod.of, mountAt(mainOf(pod), '/etc/coldroom'), secretsOf(pod, 'coldroom-store-keys')]).toEqual([
        pod.of,
        stores,
        keys,
      ]);
    }
  });

  test('mount each of their volumes in its place, and those that OMERO has at most for reading before they work', () => {
    for (const { of, spec } of pods) {
      for (const { volumeMounts = [] } of [...spec.containers, ...(spec.initContainers ?? [])])
        for (const { name, mountPath, subPath } of volumeMounts) {
          expect([of, places[name]]).toEqual([of, expect.arrayContaining([mountPath])]);
          expect([of, subPath]).toEqual([of, mountPath === '/OMERO/.coldroom' ? '.coldroom' : undefined]);
        }
      for (const container of spec.initContainers ?? [])
        expect([of, container.volumeMounts?.every(({ readOnly }) => readOnly)]).toEqual([of, true]);
      const mounted = spec.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
      expect([of, [...new Set(mounted)].sort()]).toEqual([of, (spec.volumes ?? []).map(({ name }) => name).sort()]);
    }
  });

  test('keep secrets out of their variables', () => {
    for (const pod of pods)
      for (const { name, value = '' } of mainOf(pod).env ?? [])
        if (/_URL|SECRET|PASSWORD/.test(name) && name !== 'COLDROOM_URL')
          expect([pod.of, name, value]).toEqual([
            pod.of,
            expect.stringMatching(/_FILE$/),
            expect.stringMatching(/^\/run\/secrets\//),
          ]);
  });
});
