import { buildPrograms } from './programs';

try {
  process.stdout.write(`oauth2-proxy: ${buildPrograms().proxy}\n`);
} catch (error) {
  const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'Go is not installed' : String(error);
  process.stderr.write(`oauth2-proxy cannot be built: ${reason}. It needs Go 1.26 or newer.\n`);
  process.exitCode = 1;
}
