import '@coldroom/runtime/require-node';
import { run } from './program';

// The end of a pipe whose reader has gone (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
void run(process.argv).then((exitCode) => {
  process.exitCode = exitCode;
  // A connection to a hanging server must not keep the command from ending.
  setTimeout(() => process.exit(exitCode), 1000).unref();
});
