import '@coldroom/runtime/require-node';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fileCases, pagesCase, rowsCase } from './cases';
import { timePages } from './console-pages';
import { runFileCase, runS3 } from './file-cases';
import { runImport } from './import';
import { runLatency } from './latency';
import { runRelink } from './relink';
import { timeRows } from './rows';
import type { Cost } from './scale-model';
import { print, row, type Row } from './table';

const help = `Times the whole pipeline, from the approval to the last link, against what else people use, in one run.

  npm run bench -- [--quick] [--json FILE] [--dir DIR] [--cases large,small,rows,s3,latency,relink,console,import]

  --quick       a tenth of the work
  --json FILE   writes { rows: [{ case, peer, ours_s, peer_s, ratio }], costs }; npm run scale reads the costs
  --dir DIR     where the files lie while it runs (default .bench); needs about 15 GB, with --quick 2 GB

latency archives to an S3 server 100 ms away, with one process of checksum and of transfer and with two of each: its
ratio is what the second host gains. relink leads thousands of links to where their store is now; it has no peer.

import copies large and small files from a buffer below an import root, as for an OMERO server that cannot read the buffer;
rsync -a and then rsync -ac do the same.

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
      cases: { type: 'string', default: 'large,small,rows,s3,latency,relink,console,import' },
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
  if (wanted.includes('import')) rows.push(...(await runImport(join(dir, 'import'), scale)));
  if (wanted.includes('latency')) await runLatency(join(dir, 'latency'), scale);
  if (wanted.includes('relink')) await runRelink(join(dir, 'relink'), scale);
  if (wanted.includes('rows')) rows.push(await runRows(join(dir, 'rows'), rowsCase(scale)));
  if (wanted.includes('console')) await runPages(join(dir, 'console'), pagesCase(scale));
  await rm(dir, { recursive: true, force: true });
  print(rows);
  if (values.json) await writeFile(values.json, `${JSON.stringify({ rows, costs }, null, 2)}\n`);
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

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
