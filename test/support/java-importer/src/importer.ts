import { writeSync } from 'node:fs';
import { OmeroServer } from '@coldroom/sample-omero';
import { findCandidates, listOf, type Candidate, type Candidates } from './candidates';
import { lookByName } from './formats/by-name';
import { lookWithBioFormats } from './formats/bio-formats';
import { importFileset, type Imports } from './import-fileset';
import type { JavaCommand } from './java-command';
import { log } from './log';
import { Script } from './misbehaviour';
import { parseOptions, Usage, type Options } from './options';
import { resultLines, summary } from './output';
import { readPaths } from './paths';
import { joinSession, reachServer, type Session } from './session';
import type { Settings } from './settings';
import { removeSources, removesSources } from './transfers';

/** Does what CommandLineImporter does for these words. Returns its exit code. */
export async function runImporter({ words, properties }: JavaCommand, settings: Settings): Promise<number> {
  let session: Session | undefined;
  const script = new Script(settings.misbehaviourFile, async () => session?.end());
  try {
    const options = parseOptions(words);
    const paths = readPaths(options.paths);
    const depth = Number(properties.get('omero.import.depth') ?? 4);
    const look = settings.bioFormats ? lookWithBioFormats(settings.bioFormats) : lookByName;
    const code = await ended(async () => {
      const candidates = await findCandidates(paths, { depth, look, script });
      if (options.listOnly) return list(candidates.found, script);
      if (paths.length === 0) return noCandidates(candidates);
      if (options.host === undefined || options.key === undefined) throw new Usage('');
      await reachServer(options.host, options.port);
      const server = await OmeroServer.open(settings);
      try {
        session = await joinSession(server.client, options.key);
        await script.reach('started', '');
        if (candidates.found.length === 0) return noCandidates(candidates);
        return await importAll(candidates, { server, session, script, options });
      } finally {
        await server.client.end();
      }
    });
    return script.take('exit')?.code ?? code;
  } catch (error) {
    if (!(error instanceof Usage)) throw error;
    writeSync(
      2,
      `${error.message}\n Usage:  importer-cli [OPTION]... [path [path ...]]...\n   or:   importer-cli [OPTION]... -\n`,
    );
    return 1;
  }
}

/** All that goes wrong once the words are read ends with code 2. */
async function ended(run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Usage) throw error;
    log('ERROR', `Error during import process.\n${String(error)}`);
    return 2;
  }
}

function list(found: readonly Candidate[], script: Script): number {
  print(listOf(found), script);
  return found.length === 0 ? 125 : 0;
}

/** Files that cannot be read end with code 0; nothing that any reader knows ends with code 1. */
function noCandidates({ errors }: Candidates): number {
  if (errors === 0) throw new Usage('No imports found');
  writeSync(2, 'No imports due to errors!\n');
  return 0;
}

interface Run {
  readonly server: OmeroServer;
  readonly session: Session;
  readonly script: Script;
  readonly options: Options;
}

async function importAll(candidates: Candidates, run: Run): Promise<number> {
  const { options, script } = run;
  const started = Date.now();
  const imports: Imports = { ...run, errors: candidates.errors, files: 0 };
  const counts = { filesets: 0, plates: 0, images: 0 };
  let successful = true;
  try {
    for (const candidate of candidates.found) {
      const main = candidate.files[0]!;
      try {
        if (script.take('import-twice', main)) await importFileset(imports, candidate);
        const imported = await importFileset(imports, candidate);
        if (!imported) continue;
        const lines = resultLines(options.output, imported);
        log('INFO', `IMPORT_DONE Imported file: ${main}`);
        print(lines.stdout, script);
        writeSync(2, lines.stderr);
        counts.filesets += 1;
        counts.plates += imported.plates.length;
        counts.images += imported.pixels.length;
        await script.reach('printed', main);
      } catch (error) {
        log('ERROR', `Error on import: ${String(error)}`);
        log('INFO', options.continueOnError ? 'Continuing after error' : 'Exiting on error');
        successful = options.continueOnError;
        if (!successful) break;
      }
    }
    return cleanUp(candidates, imports) ? (successful ? 0 : 2) : 3;
  } finally {
    writeSync(2, summary({ ...counts, files: imports.files }, imports.errors, Date.now() - started));
  }
}

/** Only the count of errors decides whether sources are removed, and all of them are: also those never imported. */
function cleanUp({ found }: Candidates, { options, errors, script }: Imports): boolean {
  if (!removesSources(options.transfer)) return true;
  const sources = found.flatMap(({ files }) => files);
  if (errors > 0) {
    log(
      'ERROR',
      `${errors} error(s) found. Cleanup not performed! These files will *not* be deleted: ${sources.join(' ')}`,
    );
    return true;
  }
  const kept = script.take('sources-stay') ? sources : removeSources(sources);
  if (kept.length > 0) log('ERROR', `Failed to cleanup ${kept.length} files`);
  return kept.length === 0;
}

let printed = 0;

function print(text: string, script: Script): void {
  const cut = script.take('cut-output');
  const bytes = Buffer.from(text);
  const rest = cut === undefined ? bytes.length : Math.max(0, cut.bytes - printed);
  writeSync(1, bytes.subarray(0, rest));
  printed += Math.min(rest, bytes.length);
}
