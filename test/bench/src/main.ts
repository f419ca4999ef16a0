import '@coldroom/runtime/require-node';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { SlowLink, startS3 } from '@coldroom/local';
import { cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fileCases, latencyCase, pagesCase, rowsCase, s3Cases, writeSources, type FileCase } from './cases';
import { timePages } from './console-pages';
import { timeOurs, type Ours } from './ours';
import { peersHere, timePeer, timeRclone, type PeerName } from './peers';
import { timeRows } from './rows';
import type { Cost } from './scale-model';
import { fileStore, s3Store } from './stores';

interface Row {
  readonly case: string;
  readonly peer: PeerName;
  readonly ours_s: number;
  readonly peer_s: number;
  readonly ratio: number;
}

const help = `Times the whole pipeline, from the approval to the last link, against what else people use, in one run.

  npm run bench -- [--quick] [--json FILE] [--dir DIR] [--cases large,small,rows,s3,latency,console]

  --quick       a tenth of the work
  --json FILE   writes { rows: [{ case, peer, ours_s, peer_s, ratio }], costs }; npm run scale reads the costs
  --dir DIR     where the files lie while it runs (default .bench); needs about 15 GB, with --quick 2 GB

latency archives to an S3 server 25 ms away, with one process of transfer and with two: its ratio is what the second gains.

console times pages and API with a million files in the register, one look at a time; it has no peer.

large and small go to a store of files and back, s3 does the same with an S3 server that is started here.

ratio = peer_s / ours_s: above 1 we are faster. Everybody starts with the files out of memory, syncs what it wrote, and
reads the copy back from the disk.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      dir: { type: 'string', default: '.bench' },
      cases: { type: 'string', default: 'large,small,rows,s3,latency,console' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  const scale = values.quick ? 0.1 : 1;
  const wanted = values.cases.split(',');
  const dir = resolve(values.dir);
  const rows: Row[] = [];
  const costs: Cost[] = [];
  console.log(
    `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, ${new Date().toISOString().slice(0, 10)}`,
  );
  await rm(dir, { recursive: true, force: true });
  for (const each of fileCases(scale))
    if (wanted.includes(each.name)) rows.push(...(await runFileCase(join(dir, each.name), each, costs)));
  if (wanted.includes('s3')) rows.push(...(await runS3(join(dir, 's3'), scale)));
  if (wanted.includes('latency')) await runLatency(join(dir, 'latency'), scale);
  if (wanted.includes('rows')) rows.push(await runRows(join(dir, 'rows'), rowsCase(scale)));
  if (wanted.includes('console')) await runPages(join(dir, 'console'), pagesCase(scale));
  await rm(dir, { recursive: true, force: true });
  print(rows);
  if (values.json) await writeFile(values.json, `${JSON.stringify({ rows, costs }, null, 2)}\n`);
}

async function runFileCase(dir: string, each: FileCase, costs: Cost[]): Promise<readonly Row[]> {
  const source = join(dir, 'OMERO', 'ManagedRepository');
  await mkdir(source, { recursive: true });
  console.log(`\n${each.name}: ${each.what}`);
  const files = await writeSources(source, each);
  const times: [PeerName, number][] = [];
  const peers: readonly PeerName[] = [
    'rclone',
    'rsync',
    'older-tool',
    ...(each.name === 'large' ? (['floor'] as const) : []),
  ];
  for (const peer of peersHere(peers, console.log)) {
    const time = await timePeer(peer, source, join(dir, peer.name));
    console.log(`  ${peer.name.padEnd(10)} ${time.toFixed(2)} s`);
    times.push([peer.name, time]);
  }
  const back = await timePeersBack(dir);
  const ours = await timeOurs(dir, files, await fileStore(dir), { restore: true });
  sayOurs(ours);
  costs.push(costOf(each, ours));
  return [
    ...times.map(([peer, time]) => row(each.name, peer, ours.seconds, time)),
    ...(back === undefined || ours.restoreSeconds === undefined
      ? []
      : [row(`${each.name}, back`, 'rclone', ours.restoreSeconds, back)]),
  ];
}

function costOf({ name, sizes }: FileCase, { seconds, services, servers }: Ours): Cost {
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return { case: name, files: sizes.length, bytes, seconds, services, ...servers };
}

/** rclone retrieves what it copied before. */
async function timePeersBack(dir: string): Promise<number | undefined> {
  const [rclone] = peersHere(['rclone'], () => undefined);
  if (!rclone) return undefined;
  const time = await timePeer(rclone, join(dir, 'rclone'), join(dir, 'rclone-back'));
  console.log(`  rclone     ${time.toFixed(2)} s to bring it back`);
  return time;
}

/** One large file, then many small ones, to the same S3 server and back. */
async function runS3(top: string, scale: number): Promise<readonly Row[]> {
  const rows: Row[] = [];
  await mkdir(top, { recursive: true });
  const server = await startS3({ dir: join(top, 'server') });
  try {
    for (const each of s3Cases(scale)) {
      const dir = join(top, each.name);
      const source = join(dir, 'OMERO', 'ManagedRepository');
      await mkdir(source, { recursive: true });
      console.log(`\ns3 ${each.name}: ${each.what}`);
      const files = await writeSources(source, each);
      const store = await s3Store(dir, server, `bench-${each.name}`);
      const peer = await timeRclone(source, store.remote('rclone'), join(dir, 'rclone-back'), store.environment);
      console.log(`  rclone     ${peer.there.toFixed(2)} s, ${peer.back.toFixed(2)} s to bring it back`);
      const ours = await timeOurs(dir, files, store, { restore: true });
      sayOurs(ours);
      rows.push(
        row(`s3 ${each.name}`, 'rclone', ours.seconds, peer.there),
        row(`s3 ${each.name}, back`, 'rclone', ours.restoreSeconds ?? Number.NaN, peer.back),
      );
    }
  } finally {
    await server.stop();
  }
  return rows;
}

/** What the workers of a second host gain where the store answers late; it has no peer. */
async function runLatency(top: string, scale: number): Promise<void> {
  const { delayMs, ...files } = latencyCase(scale);
  await mkdir(top, { recursive: true });
  console.log(`\nlatency: ${files.what}`);
  const server = await startS3({ dir: join(top, 'server') });
  const link = await SlowLink.to(server.url, delayMs);
  try {
    const times: number[] = [];
    for (const hosts of [1, 2]) {
      const dir = join(top, String(hosts));
      const source = join(dir, 'OMERO', 'ManagedRepository');
      await mkdir(source, { recursive: true });
      const written = await writeSources(source, files);
      const store = await s3Store(dir, { ...server, url: link.through(server.url) }, `latency-${hosts}`);
      const ours = await timeOurs(dir, written, store, { restore: false, hosts });
      console.log(`  ${hosts} of checksum and of transfer:`);
      sayOurs(ours);
      times.push(ours.seconds);
    }
    const [one = Number.NaN, two = Number.NaN] = times;
    console.log(`  ratio ${(one / two).toFixed(2)}`);
  } finally {
    link.close();
    await server.stop();
  }
}

function sayOurs(ours: Ours): void {
  console.log(
    `  coldroom   ${ours.seconds.toFixed(2)} s${ours.restoreSeconds === undefined ? '' : `, ${ours.restoreSeconds.toFixed(2)} s to bring it back`}`,
  );
  for (const { name, peakBytes, cpuSeconds } of ours.services)
    console.log(
      `    ${name.padEnd(15)} ${cpuSeconds.toFixed(1)} s of processor time, at most ${Math.round(peakBytes / 2 ** 20)} MiB`,
    );
}

async function runRows(dir: string, count: number): Promise<Row> {
  await mkdir(dir, { recursive: true });
  console.log(`\nrows: ${count} files that are nothing but rows in the register`);
  const { ours, floor } = await timeRows(dir, count);
  console.log(
    `  bare SQL   ${floor.toFixed(2)} s\n  coldroom   ${ours.toFixed(2)} s: ${Math.round(count / ours)} files/s   memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`,
  );
  return row('rows', 'floor', ours, floor);
}

async function runPages(dir: string, files: number): Promise<void> {
  await mkdir(dir, { recursive: true });
  console.log(`\nconsole: pages and API with ${files} files in the register`);
  const { pages, peakBytes } = await timePages(dir, files);
  for (const { page, p50_ms, p99_ms, kilobytes } of pages)
    console.log(`  ${page.padEnd(18)} p50 ${p50_ms} ms, p99 ${p99_ms} ms, ${kilobytes} kB`);
  console.log(`  the console had at most ${Math.round(peakBytes / 2 ** 20)} MiB`);
}

function row(name: string, peer: PeerName, ours: number, time: number): Row {
  const rounded = (value: number): number => Math.round(value * 1000) / 1000;
  return { case: name, peer, ours_s: rounded(ours), peer_s: rounded(time), ratio: rounded(time / ours) };
}

function print(rows: readonly Row[]): void {
  console.log('\n| case | peer | coldroom | peer | ratio |\n| --- | --- | ---: | ---: | ---: |');
  for (const each of rows)
    console.log(
      `| ${each.case} | ${each.peer} | ${each.ours_s.toFixed(1)} s | ${each.peer_s.toFixed(1)} s | ${each.ratio.toFixed(2)} |`,
    );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
