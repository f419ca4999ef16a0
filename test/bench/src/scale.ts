import '@coldroom/runtime/require-node';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { estimate, type Cost, type Estimate, type Work } from './scale-model';

const help = `Estimates what a large backlog takes, from what npm run bench measured on this machine.

  npm run bench -- --cases large,small --json bench.json
  npm run scale -- bench.json [--files 1e8] [--bytes 1e16] [--days 365]`;

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      files: { type: 'string', default: '1e8' },
      bytes: { type: 'string', default: '1e16' },
      days: { type: 'string', default: '365' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [file] = positionals;
  const work: Work = { files: Number(values.files), bytes: Number(values.bytes), days: Number(values.days) };
  if (values.help || file === undefined || !Object.values(work).every((each) => each > 0)) {
    console.log(help);
    return values.help ? 0 : 2;
  }
  const { costs } = JSON.parse(readFileSync(file, 'utf8')) as { costs?: readonly Cost[] };
  const [small, large] = ['small', 'large'].map((name) => costs?.find((each) => each.case === name));
  if (!small || !large) {
    console.error(`${file} has no costs of the cases "large" and "small": run the bench with both.`);
    return 1;
  }
  print(work, estimate(small, large, work));
  const peak = Math.max(small.redis.peakBytes, large.redis.peakBytes);
  console.log(`Redis: ${(peak / 1e6).toFixed(1)} MB at most, whatever the number of files`);
  return 0;
}

function print(work: Work, found: Estimate): void {
  console.log(`${work.files} files and ${tera(work.bytes)} TB in ${work.days} days:`);
  console.log(
    `${found.filesASecond.toFixed(1)} files/s and ${(found.bytesASecond / 1e6).toFixed(0)} MB/s, all the time\n`,
  );
  console.log('| part | ms a file | s a GB | core-days | cores |\n| --- | ---: | ---: | ---: | ---: |');
  for (const { name, msAFile, secondsAGigabyte, coreDays, cores } of found.shares)
    console.log(
      `| ${name} | ${msAFile.toFixed(2)} | ${secondsAGigabyte.toFixed(2)} | ${coreDays.toFixed(1)} | ${cores.toFixed(2)} |`,
    );
  console.log(`\nregister: ${(found.registerBytes / 1e9).toFixed(0)} GB when all is archived`);
  console.log(`its write-ahead log: ${(found.walBytesADay / 1e9).toFixed(1)} GB a day`);
  console.log(
    `one busy core of PostgreSQL is enough for ${(found.filesADayACoreOfRegister / 1e6).toFixed(0)} million files a day`,
  );
}

const tera = (bytes: number): string => (bytes / 1e12).toLocaleString('en');

process.exitCode = main();
