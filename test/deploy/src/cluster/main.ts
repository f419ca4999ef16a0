import '@coldroom/runtime/require-node';
import { ran, run } from '../run';
import { emptyBacklog, idleJob } from './backlog';
import { Cluster } from './cluster';
import { archiveWhilePodsMove } from './disturb';
import { checkRights, clean, install, type Walk } from './install';
import { scaleByRegister } from './keda';

const help = `Tries k8s/ on the cluster that KUBECONFIG names, with a sample OMERO in its namespace "coldroom", which is removed first.

Its machines must share the directory /var/lib/coldroom-local: a cluster on one machine does. Settings:
  LOAD_IMAGES   a command that brings images of the local Docker engine to the cluster: "kind load docker-image"
  LOSE_NODE     a command that ends a machine of the cluster without warning, called with its name; without it none is lost
  IMAGES        "built": the cluster has them from an earlier run
  SAMPLE_IMAGES how many images the sample has (default 6000)`;

const images = { coldroom: 'coldroom-cluster:1', next: 'coldroom-cluster:2', sample: 'coldroom-cluster-sample:1' };
const servers = ['postgres:16', 'redis:7-bookworm'];

const started = Date.now();
const say = (line: string): void =>
  console.log(`[${String(Math.round((Date.now() - started) / 1000)).padStart(4)} s] ${line}`);

async function main(): Promise<number> {
  if (process.argv.includes('--help')) {
    console.log(help);
    return 0;
  }
  const { LOAD_IMAGES: load, LOSE_NODE: loseCommand, SAMPLE_IMAGES: sampleImages = '6000' } = process.env;
  const nodes = await machines();
  if (nodes.length === 0) {
    console.error(`No cluster answers. Set KUBECONFIG, and have kubectl in PATH.\n\n${help}`);
    return 1;
  }
  const walk: Walk = { cluster: new Cluster('coldroom'), say, nodes, images };
  const areThere = process.env['IMAGES'] === 'built';
  if (!areThere) await build();
  if (load && !areThere) await ran('sh', ['-c', `${load} "$@"`, 'sh', ...Object.values(images), ...servers]);
  say(`the images are ${areThere ? 'those of an earlier run' : 'built'}; machines: ${nodes.join(', ')}`);
  try {
    await clean(walk);
    await install(walk, Number(sampleImages));
    await checkRights(walk);
    await archiveWhilePodsMove(walk);
    await idleJob(walk);
    await scaleByRegister(walk);
    await emptyBacklog(
      walk,
      ['3'],
      loseCommand ? async (node) => void (await ran('sh', ['-c', `${loseCommand} "$1"`, 'sh', node])) : undefined,
    );
    return 0;
  } catch (error) {
    console.error((await run('kubectl', ['get', 'pods', '-A', '-o', 'wide'])).stdout);
    throw error;
  }
}

async function machines(): Promise<readonly string[]> {
  const found = await run('kubectl', ['get', 'nodes', '-o', 'name']).catch(() => ({ stdout: '' }));
  return found.stdout
    .split('\n')
    .filter(Boolean)
    .map((name) => name.replace('node/', ''));
}

async function build(): Promise<void> {
  const plain = { DOCKER_BUILDKIT: process.env['DOCKER_BUILDKIT'] ?? '0' };
  await ran('docker', ['build', '-q', '-t', images.coldroom, '.'], plain);
  await ran('docker', ['build', '-q', '-t', images.sample, '--target', 'sample', '.'], plain);
  await ran('docker', ['build', '-q', '-t', images.next, '--label', 'version=next', '.'], plain);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? `\nThe test failed: ${error.message}` : error);
    process.exit(1);
  },
);
