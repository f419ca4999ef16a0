import '@coldroom/runtime/require-node';
import { run } from './program';

// The end of a pipe that nobody reads any more (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
void run(process.argv).then((exitCode) => {
  process.exitCode = exitCode;
  // A connection to a server that hangs must not keep the command from ending.
  setTimeout(() => process.exit(exitCode), 1000).unref();
});
