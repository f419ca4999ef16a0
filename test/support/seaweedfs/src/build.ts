import { buildSeaweedfs } from './program';

try {
  process.stdout.write(`SeaweedFS: ${buildSeaweedfs()}\n`);
} catch (error) {
  const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'Go is not installed' : String(error);
  process.stderr.write(`SeaweedFS cannot be built: ${reason}. It needs Go 1.26 or newer.\n`);
  process.exitCode = 1;
}
