import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { OmeroServer } from '@coldroom/sample-omero';
import { importImages } from './images';
import type { LaterWork } from './import-fileset';
import { runImporter } from './importer';
import { JavaMessage, parseJavaCommand } from './java-command';
import { readSettings } from './settings';

async function java(words: readonly string[]): Promise<number> {
  try {
    return await runImporter(parseJavaCommand(words), readSettings());
  } catch (error) {
    const message = error instanceof JavaMessage ? error.message : `Exception in thread "main" ${String(error)}`;
    writeSync(2, `${message}\n`);
    return error instanceof JavaMessage ? error.exitCode : 1;
  }
}

/** The server's part of an import that its client no longer waits for. It needs no session. */
async function finish({ ms, session, user, plan }: LaterWork): Promise<number> {
  await sleep(ms);
  const server = await OmeroServer.open(readSettings());
  try {
    const none = (): Promise<void> => Promise.resolve();
    await importImages(server, { id: session, user, isAdministrator: false, check: none, end: none }, plan);
  } finally {
    await server.client.end();
  }
  return 0;
}

async function main([first, ...rest]: readonly string[]): Promise<void> {
  process.exit(
    first === 'finish' ? await finish(JSON.parse(rest[0] ?? '') as LaterWork) : await java([first ?? '', ...rest]),
  );
}

void main(process.argv.slice(2));
