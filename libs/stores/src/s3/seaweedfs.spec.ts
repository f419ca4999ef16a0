import { builtSeaweedfs, startSeaweedfs, type LocalSeaweedfs } from '@coldroom/seaweedfs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeStore } from '../testing/conformance';
import { makeS3 } from '../testing/s3';

const program = builtSeaweedfs();
const reason =
  program === undefined ? 'it was never built on this machine: "npm run test:seaweedfs" builds it' : undefined;
let dir: string;
let seaweedfs: LocalSeaweedfs | undefined;

if (program !== undefined) {
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'coldroom-seaweedfs-'));
    seaweedfs = await startSeaweedfs(program, { dir });
  }, 90_000);
  afterAll(async () => {
    await seaweedfs?.stop();
    rmSync(dir, { recursive: true });
  });
} else {
  process.stderr.write(`SKIPPED: the S3 store on SeaweedFS: ${reason}\n`);
}

describeStore('s3, on SeaweedFS', () => makeS3({}, { server: seaweedfs! }), reason);
