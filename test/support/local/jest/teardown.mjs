// jest globalTeardown: stops what setup.mjs started and removes its directory.
import local from '../dist/index.js';

export default async function teardown() {
  const stack = globalThis.coldroomTestServers;
  if (!stack) return;
  for (const server of stack.servers) await server.stop();
  local.removeServerData(stack.dir);
}
