import { mkdir, rm, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fileCases, rowsCase, writeSources, type FileCase } from './cases';
import { timeOurs } from './ours';
import { peersHere, timePeer, type PeerName } from './peers';
import { timeRows } from './rows';

interface Row {
  readonly case: 'large' | 'small' | 'rows';
  readonly peer: PeerName;
  readonly ours_s: number;
  readonly peer_s: number;
  readonly ratio: number;
}

const help = `Times the whole pipeline, from the approval to the last link, against what else people use, in one run.

  npm run bench -- [--quick] [--json FILE] [--dir DIR] [--cases large,small,rows]

  --quick       a tenth of the work
  --json FILE   writes the table as JSON rows { case, peer, ours_s, peer_s, ratio }
  --dir DIR     where the files lie while it runs (default .bench); needs about 15 GB, with --quick 2 GB

ratio = peer_s / ours_s: above 1 we are faster. Everybody starts with the files out of memory, syncs what it wrote, and
reads the copy back from the disk.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false }, json: { type: 'string' }, dir: { type: 'string', default: '.bench' },
      cases: { type: 'string', default: 'large,small,rows' }, help: { type: 'boolean', short: 'h', default: false },
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
  console.log(`${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, ${new Date().toISOString().slice(0, 10)}`);
  await rm(dir, { recursive: true, force: true });
  for (const each of fileCases(scale)) if (wanted.includes(each.name)) rows.push(...await runFileCase(join(dir, each.name), each));
  if (wanted.includes('rows')) rows.push(await runRows(join(dir, 'rows'), rowsCase(scale)));
  await rm(dir, { recursive: true, force: true });
  print(rows);
  if (values.json) await writeFile(values.json, `${JSON.stringify(rows, null, 2)}\n`);
}

async function runFileCase(dir: string, each: FileCase): Promise<readonly Row[]> {
  const source = join(dir, 'OMERO', 'ManagedRepository');
  await mkdir(source, { recursive: true });
  console.log(`\n${each.name}: ${each.what}`);
  const files = await writeSources(source, each);
  const times: [PeerName, number][] = [];
  const peers: readonly PeerName[] = ['rclone', 'rsync', 'older-tool', ...(each.name === 'large' ? ['floor'] as const : [])];
  for (const peer of peersHere(peers, console.log)) {
    const time = await timePeer(peer, source, join(dir, peer.name));
    console.log(`  ${peer.name.padEnd(10)} ${time.toFixed(2)} s`);
    times.push([peer.name, time]);
  }
  const ours = await timeOurs(dir, files);
  console.log(`  coldroom   ${ours.seconds.toFixed(2)} s`);
  for (const { name, peakBytes, cpuSeconds } of ours.services) console.log(`    ${name.padEnd(15)} ${cpuSeconds.toFixed(1)} s of processor time, at most ${Math.round(peakBytes / 2 ** 20)} MiB`);
  return times.map(([peer, time]) => row(each.name, peer, ours.seconds, time));
}

async function runRows(dir: string, count: number): Promise<Row> {
  await mkdir(dir, { recursive: true });
  console.log(`\nrows: ${count} files that are nothing but rows in the register`);
  const { ours, floor } = await timeRows(dir, count);
  console.log(`  bare SQL   ${floor.toFixed(2)} s\n  coldroom   ${ours.toFixed(2)} s: ${Math.round(count / ours)} files/s   memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
  return row('rows', 'floor', ours, floor);
}

function row(name: Row['case'], peer: PeerName, ours: number, time: number): Row {
  const rounded = (value: number): number => Math.round(value * 1000) / 1000;
  return { case: name, peer, ours_s: rounded(ours), peer_s: rounded(time), ratio: rounded(time / ours) };
}

function print(rows: readonly Row[]): void {
  console.log('\n| case | peer | coldroom | peer | ratio |\n| --- | --- | ---: | ---: | ---: |');
  for (const each of rows) console.log(`| ${each.case} | ${each.peer} | ${each.ours_s.toFixed(1)} s | ${each.peer_s.toFixed(1)} s | ${each.ratio.toFixed(2)} |`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
