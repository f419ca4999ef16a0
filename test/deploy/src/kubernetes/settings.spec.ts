import { settingParts } from '@coldroom/runtime';
import { allSettingsFound, saidAtStart, settingsOfImporterImage } from '../starts';
import { describeManifests } from './describe-manifests';
import { mainOf, ours, podsOf, serviceOf, variablesOf } from './manifests';
import { render } from './render';

type Part = keyof typeof settingParts;
const stages: readonly Part[] = ['register', 'redis', 'originals', 'stores', 'service'];

/** The parts of the settings that a service reads. */
const partsOf: Readonly<Record<string, readonly Part[]>> = {
  scanner: ['register', 'omero', 'originals', 'stores', 'scan', 'importsIfAny', 'policiesIfAny', 'service'],
  checksum: [...stages, 'fixity'],
  transfer: stages,
  'ingest-watcher': stages,
  linker: [...stages, 'hold'],
  console: ['register', 'redis', 'console', 'proxy', 'rights', 'places', 'importsIfAny', 'service'],
  importer: ['register', 'redis', 'originals', 'imports', 'importWatch', 'importer', 'service'],
  notifier: ['register', 'redis', 'mail', 'rights', 'service'],
  backup: ['register', 'backup', 'service'],
  drill: ['register', 'omero', 'originals', 'stores', 'backup', 'drill', 'service'],
  migrate: ['register', 'service'],
  cli: [...stages, 'omero', 'scan', 'hold', 'imports', 'policiesIfAny'],
};
const keysOf = (parts: readonly Part[]): readonly string[] =>
  parts.flatMap((part) => Object.keys(settingParts[part].shape));

/** Fixed in the image; the last one needs a mount, and so an overlay. */
const notGiven = ['CONSOLE_HOST', 'CONSOLE_PORT', 'MAIL_TEMPLATES'];

describeManifests('the variables', () => {
  // With all options.
  const manifests = render('example-keda');
  const pods = ours(podsOf(manifests));

  test('of each pod are settings that its service reads', () => {
    for (const pod of pods) {
      const given = Object.keys(variablesOf(pod, manifests)).map((key) => key.replace(/_FILE$/, ''));
      const known = keysOf(partsOf[serviceOf(pod)] ?? []);
      expect([pod.of, given.filter((key) => !known.includes(key))]).toEqual([pod.of, []]);
    }
  });

  test.each<[string, readonly Part[]]>([
    ['console', ['console', 'proxy', 'rights']],
    ['notifier', ['mail', 'rights']],
    ['importer', ['imports', 'importWatch', 'importer']],
  ])('of %s have each of its own settings', (service, parts) => {
    const pod = pods.find((each) => serviceOf(each) === service);
    const ofImage = service === 'importer' ? Object.keys(settingsOfImporterImage()) : [];
    const given = Object.keys(pod ? variablesOf(pod, manifests) : {}).map((key) => key.replace(/_FILE$/, ''));
    expect(keysOf(parts).filter((key) => ![...given, ...ofImage, ...notGiven].includes(key))).toEqual([]);
  });

  test.each(['scanner', 'checksum', 'transfer', 'ingest-watcher', 'linker', 'console', 'notifier', 'importer'])(
    'of %s are all that it needs to start, also in a Job',
    (service) => {
      const those = pods.filter((pod) => serviceOf(pod) === service && pod.manifest.kind !== 'Job');
      expect(those.length).toBeGreaterThan(0);
      for (const pod of those) {
        expect([pod.of, mainOf(pod).args?.[0]]).toEqual([pod.of, service]);
        expect(saidAtStart(service, variablesOf(pod, manifests))).toContain(allSettingsFound);
      }
    },
  );
});
