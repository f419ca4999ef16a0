import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { repository } from '../run';
import type { Manifest } from './manifests';

/** Where .ci/run puts it. */
const ownKustomize = join(homedir(), '.cache', 'coldroom-tests', 'bin', 'kustomize');
const renderers: readonly (readonly string[])[] = [
  ['kubectl', 'kustomize'],
  ['kustomize', 'build'],
  [ownKustomize, 'build'],
];
const renderer = renderers.find(([program = '']) => spawnSync(program, ['version', '--client']).error === undefined);
export const canRender = renderer !== undefined;
export const howToRender = `Neither kubectl nor kustomize is there. With Go 1.25 or newer, this takes a minute:
  GOBIN=~/.cache/coldroom-tests/bin go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1`;

export const overlays = ['with-redis-postgres', 'local', 'local-keda', 'example', 'example-keda'] as const;
export type Overlay = (typeof overlays)[number];

/**
 * The example with KEDA has all options: each line that is commented out in it is taken. `takeOptions` takes others.
 * Empty where nothing can be rendered.
 */
export function render(
  overlay: Overlay,
  takeOptions: (kustomization: string) => string = overlay === 'example-keda' ? takeAllOptions : (text) => text,
): readonly Manifest[] {
  if (!renderer) return [];
  const [program = '', ...words] = renderer;
  const directory = mkdtempSync(join(tmpdir(), 'coldroom-k8s-'));
  try {
    cpSync(join(repository, 'k8s'), join(directory, 'k8s'), { recursive: true });
    const root = (name: string): string => join(directory, 'k8s', 'overlays', name);
    for (const name of ['example', 'example-keda']) writeSecrets(join(root(name), 'secrets'));
    const example = join(root('example'), 'kustomization.yaml');
    writeFileSync(example, takeOptions(readFileSync(example, 'utf8')));
    const { status, stdout, stderr } = spawnSync(program, [...words, root(overlay)], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    if (status !== 0 || stderr !== '') throw new Error(`${overlay} cannot be rendered: ${stderr}`);
    return parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function writeSecrets(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const name of [
    'register_url',
    'register_password',
    'omero_url',
    'session_secret',
    'smtp_url',
    'backup_omero_url',
    'import_omero_url',
    'policies_omero_url',
    'import_omero_password',
    's3-access-key',
    's3-secret-key',
  ])
    writeFileSync(join(directory, name), name);
  const keda = ['host', 'port', 'dbName', 'userName', 'password', 'sslmode'];
  writeFileSync(join(directory, 'keda-register.env'), keda.map((key) => `${key}=x\n`).join(''));
}

/** From its first such line on, all of the file is commented out; before that, single entries of lists are. */
function takeAllOptions(kustomization: string): string {
  const [lists = '', patches = ''] = kustomization.split(/^(?=# patches:$)/m);
  const all = lists.replaceAll(/^( +)# (- |  files: )/gm, '$1$2');
  return all + patches.replaceAll(/^# /gm, '');
}
