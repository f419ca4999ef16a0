import { Imports } from '@coldroom/buffers';
import { becomeOwner, ownerOf } from '../owner';
import { examineConnections } from '../connections';
import { examine, type Finding } from '../findings';
import { readParts } from '../settings';
import type { Surroundings } from '../../surroundings';
import { examineAccount } from './account';
import { examineBuffer } from './buffers';
import { examinePrograms, examineStateDirectory, type ImporterSettings } from './programs';
import { examineRepository } from './repository';

const parts = ['register', 'redis', 'originals', 'imports', 'importWatch', 'importer', 'service'] as const;

/**
 * Checks what the importer needs, with the importer's settings and the rights of this process: to be run as the importer's
 * user, on its machine or in its container. A process of root becomes the owner of OMERO's files in doing so.
 */
export async function diagnoseImport(around: Surroundings): Promise<readonly Finding[]> {
  const { settings, findings } = readParts(parts, around.env);
  const { OMERO_DATA_DIR: dataDir, COLDROOM_IMPORTS: file, IMPORT_OMERO_COMMAND: command } = settings;
  const general = [...findings, ...(await examineConnections(around, settings))];
  if (dataDir !== undefined) general.push(...(await examine('user', async () => becomeOwner(await ownerOf(dataDir)))));
  if (command !== undefined) {
    const importer = { ...settings, path: around.env['PATH'] ?? '/usr/bin:/bin' } as ImporterSettings;
    general.push(...(await examinePrograms(importer)), ...(await examineAccount(around, importer)));
    general.push(...(await examine('state directory', () => examineStateDirectory(importer.IMPORT_STATE_DIR))));
  }
  if (file === undefined || dataDir === undefined) return general;
  let imports: Imports | undefined;
  general.push(
    ...(await examine('imports file', async () => {
      imports = await Imports.read(file, dataDir);
      return [];
    })),
  );
  if (!imports) return general;
  const { buffers } = imports;
  for (const buffer of buffers)
    general.push(...(await examine(`buffer ${buffer.name}`, () => examineBuffer(buffer, dataDir))));
  return [...general, ...(await examine('ManagedRepository', () => examineRepository(dataDir, buffers)))];
}
