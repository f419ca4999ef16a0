import { describeManifests } from './describe-manifests';
import type { Manifest } from './manifests';
import { overlays, render } from './render';
import { typeFaults } from './typed';

describeManifests('each object', () => {
  test.each(overlays)('of %s is one that Kubernetes and KEDA know, with all its fields', (overlay) => {
    const manifests = render(overlay);
    expect(manifests.length).toBeGreaterThan(30);
    expect(typeFaults(manifests)).toEqual([]);
  });

  test('is refused with a misspelt field, or a value of a wrong type', () => {
    const manifests = render('local-keda');
    const changed = (kind: string, change: (spec: Manifest['spec']) => void): Manifest => {
      const manifest = structuredClone(manifests.find((each) => each.kind === kind)) as Manifest;
      change(manifest.spec);
      return manifest;
    };
    const faults = typeFaults([
      changed('Deployment', (spec) => (spec.template.spec.terminationGraceSeconds = 30)),
      changed('Job', (spec) => (spec.backoffLimit = 'many')),
      changed('ScaledJob', (spec) => (spec.maxReplicas = 8)),
    ]);
    expect(faults).toEqual([
      expect.stringContaining('\'"terminationGraceSeconds"\' does not exist'),
      expect.stringContaining("'string' is not assignable"),
      expect.stringContaining('\'"maxReplicas"\' does not exist'),
    ]);
  });
});
