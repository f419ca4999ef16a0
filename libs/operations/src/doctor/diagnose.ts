import { Imports } from '@coldroom/buffers';
import { holdPaths } from '@coldroom/trees';
import { UsageError } from '../failure';
import type { Surroundings } from '../surroundings';
import { examineBackups } from './backups';
import { examineBioFormats } from './bio-formats';
import { examineConnections } from './connections';
import { examine, type Finding } from './findings';
import { examineNode } from './machine';
import { examineMail } from './mail';
import { becomeOwner, ownerOf } from './owner';
import { planBufferMarkers, planPreparations, type Preparation } from './prepare';
import { readAllSettings } from './settings';
import { examineStores } from './stores';
import { examineTrees } from './trees';

/** Everything that is missing and may be created; nothing is created. */
export async function missingPreparations({ env }: Surroundings): Promise<readonly Preparation[]> {
  const { settings } = readAllSettings(env);
  const { OMERO_DATA_DIR: dataDir, COLDROOM_STORES: stores, COLDROOM_IMPORTS: imports } = settings;
  if (dataDir === undefined) throw new UsageError('--prepare needs OMERO_DATA_DIR');
  return [
    ...(await planPreparations(dataDir, holdPaths({ ...settings, OMERO_DATA_DIR: dataDir }), stores)),
    ...(imports === undefined ? [] : await planBufferMarkers((await Imports.read(imports, dataDir)).buffers)),
  ];
}

/** Checks everything that valid settings name. A process of root becomes the owner of OMERO's files in doing so. */
export async function diagnose(around: Surroundings): Promise<readonly Finding[]> {
  const { settings, findings } = readAllSettings(around.env);
  const { OMERO_DATA_DIR: dataDir, COLDROOM_STORES: stores, OMERO_BIOFORMATS_VERSION: setting } = settings;
  const [connections, mail, backups] = await Promise.all([
    examineConnections(around, settings),
    examineMail(around.env),
    settings.REGISTER_DATABASE_URL === undefined ? [] : examineBackups(around),
  ]);
  const general = [...findings, examineNode(), ...connections, ...mail, ...backups];
  if (dataDir === undefined) return general;
  // Before we become another user, who may not be allowed to read our own code.
  const holds = holdPaths({ ...settings, OMERO_DATA_DIR: dataDir });
  return [
    ...general,
    ...(await examine('user', async () => becomeOwner(await ownerOf(dataDir)))),
    ...(await examine('Bio-Formats', () => examineBioFormats({ setting, dataDir }))),
    ...(await examineTrees(dataDir, holds)),
    ...(stores === undefined ? [] : await examineStores(around)),
  ];
}
