import { describeStore } from '../testing/conformance';
import { startMinio, whyNoMinio } from '../testing/minio';
import { makeS3 } from '../testing/s3';

const reason = whyNoMinio();
let minio: Awaited<ReturnType<typeof startMinio>> | undefined;

if (reason === undefined) {
  beforeAll(async () => {
    minio = await startMinio();
  });
  afterAll(() => minio?.stop());
} else {
  process.stderr.write(`SKIPPED: the S3 store on MinIO in a container: ${reason}\n`);
}

describeStore('s3, on MinIO in a container', () => makeS3({}, { server: minio! }), reason);
