// jest globalSetup: an S3 server for one test run, in a directory of its own. Tests read TEST_S3 (JSON: url, accessKey, secretKey,
// cephConf); where it is set already, that server is used and nothing is started.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import local from '../dist/index.js';

export default async function setup() {
  if (process.env.TEST_S3) return;
  const dir = mkdtempSync(join(tmpdir(), 'coldroom-s3-'));
  try {
    const { url, accessKey, secretKey, cephConf, stop } = await local.startS3({ dir });
    globalThis.coldroomTestS3 = { dir, stop };
    process.env.TEST_S3 = JSON.stringify({ url, accessKey, secretKey, cephConf });
  } catch (error) {
    local.removeServerData(dir); // jest runs no teardown after a failed setup
    throw error;
  }
}
