import { nodeTooOld } from './node-version';

// Imported first by every program, so that an old Node.js ends with one sentence instead of an internal error. The exit
// code is that of wrong settings, which no restart corrects. It is written out because start.ts must not be loaded yet.
const tooOld = nodeTooOld(process.versions.node);
if (tooOld !== undefined) {
  process.stderr.write(`${tooOld}\n`);
  process.exit(10);
}
