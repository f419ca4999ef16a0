import '@coldroom/runtime/require-node';
import { parseArgs } from 'node:util';
import { exitCodes } from '@coldroom/runtime';
import { runDemo } from './demo';
import { Refusal } from './directory';
import { whyNoImport } from './import/facility';
import { storeKinds } from './store-kinds';

const help = `Archives a sample OMERO, from the first mark to the last link, brings a part of it back, and proves that nothing was lost.

  npm run demo -- [options]

  --dir DIR          a directory of the demo's own (default .demo); what an earlier demo left there is removed
  --store KIND       where the copies go: file, s3 (Ceph), seaweedfs (S3, too; npm run test:seaweedfs builds it) or
                     arkivum (default file); servers for them are started here
  --images N         how many images the sample has (default 220)
  --file-size BYTES  the size of a typical file (default 60000)
  --only-sample      stop when the sample is there; the next run with the same --dir and numbers goes on from it
  --import           instead, import data from a microscope's buffer, and archive and restore a part of it
  --tiers            with three stores: rules propose archiving, and move copies from one store to the next
  --console          at the end, start the console in front of it, with three sample accounts; Ctrl-C ends all
  --keep             leave servers running and data in place, and say how to look around

REDIS_URL, REGISTER_DATABASE_URL and OMERO_DATABASE_URL are used where they are set; servers are started for the rest.
The databases must be empty.`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string', default: '.demo' },
      images: { type: 'string', default: '220' },
      'file-size': { type: 'string', default: '60000' },
      store: { type: 'string', default: 'file' },
      'only-sample': { type: 'boolean', default: false },
      import: { type: 'boolean', default: false },
      tiers: { type: 'boolean', default: false },
      console: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [images, fileSize] = [Number(values.images), Number(values['file-size'])];
  if (values.help) {
    console.log(help);
    return exitCodes.ok;
  }
  if (!Number.isSafeInteger(images) || images < 200 || !Number.isSafeInteger(fileSize) || fileSize < 1) {
    console.error('--images must be a whole number from 200, --file-size one from 1');
    return exitCodes.usage;
  }
  const store = storeKinds.find((kind) => kind === values.store);
  if (!store) {
    console.error(`--store must be one of ${storeKinds.join(', ')}`);
    return exitCodes.usage;
  }
  const missing = values.import ? whyNoImport() : undefined;
  if (missing !== undefined) {
    console.error(missing);
    return exitCodes.usage;
  }
  return runDemo({
    dir: values.dir,
    store,
    images,
    fileSize,
    onlySample: values['only-sample'],
    withImport: values.import,
    withTiers: values.tiers,
    withConsole: values.console,
    keep: values.keep,
  });
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (error instanceof Refusal) console.error(error.message);
    else console.error(error instanceof Error ? `\nThe demo failed: ${error.message}` : error);
    process.exit((error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') ? exitCodes.usage : exitCodes.failed);
  },
);
