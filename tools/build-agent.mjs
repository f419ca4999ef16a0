// Makes one file of coldroom-agent, and one program of it that contains this Node: apps/agent/dist/coldroom-agent.cjs and
// apps/agent/dist/coldroom-agent (.exe on Windows), for the system that this runs on.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { inject } from 'postject';

const dist = resolve(import.meta.dirname, '../apps/agent/dist');
const script = join(dist, 'coldroom-agent.cjs');
const program = join(dist, process.platform === 'win32' ? 'coldroom-agent.exe' : 'coldroom-agent');

await build({
  entryPoints: [join(dist, 'main.js')],
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  outfile: script,
  logLevel: 'warning',
  // Node warns of url.parse() in packages of others, except where they are in node_modules.
  banner: { js: '#!/usr/bin/env node\nprocess.noDeprecation = true;' },
});

const [config, blob] = [join(dist, 'sea.json'), join(dist, 'sea.blob')];
writeFileSync(config, JSON.stringify({ main: script, output: blob, disableExperimentalSEAWarning: true }));
execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: 'inherit' });
copyFileSync(process.execPath, program);
chmodSync(program, 0o755);
await inject(program, 'NODE_SEA_BLOB', readFileSync(blob), {
  sentinelFuse: 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2',
});
console.log(`${script}\n${program}`);
