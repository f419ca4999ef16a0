// jest globalTeardown: stops what s3-setup.mjs started and removes its directory.
import local from '../dist/index.js';

export default async function teardown() {
  const server = globalThis.coldroomTestS3;
  if (!server) return;
  await server.stop();
  local.removeServerData(server.dir);
}
