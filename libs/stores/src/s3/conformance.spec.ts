import { describeStore } from '../testing/conformance';
import { makeS3 } from '../testing/s3';

describeStore('s3', () => makeS3());
