import { join } from 'node:path';
import ts from 'typescript';
import { repository } from '../run';
import type { Manifest } from './manifests';

const options: ts.CompilerOptions = {
  noEmit: true,
  strict: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: [],
};

/** What is no valid object of Kubernetes or KEDA: unknown fields, and values of a wrong type. */
export function typeFaults(manifests: readonly Manifest[]): readonly string[] {
  const sources = new Map(manifests.map((manifest, nr) => [nameOf(nr), sourceOf(manifest)]));
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => sources.has(name) || fileExists(name);
  host.readFile = (name) => sources.get(name) ?? readFile(name);
  host.getSourceFile = (name, ...rest) => {
    const text = sources.get(name);
    return text === undefined ? getSourceFile(name, ...rest) : ts.createSourceFile(name, text, ts.ScriptTarget.ES2023);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return manifests.flatMap(({ kind, metadata }, nr) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(nameOf(nr)))
      .map(({ messageText }) => `${kind} ${metadata.name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`),
  );
}

/** In this project's directory, where the packages with the types are found. Nothing is written there. */
const nameOf = (nr: number): string => join(repository, 'test', 'deploy', `manifest-${nr}.mts`);

function sourceOf(manifest: Manifest): string {
  const { apiVersion, kind } = manifest;
  const library = apiVersion.startsWith('keda.sh/') ? '@kubernetes-models/keda' : 'kubernetes-models';
  return `import type { I${kind} } from '${library}/${apiVersion}/${kind}';
export const it: I${kind} = ${JSON.stringify(manifest, null, 1)};\n`;
}
