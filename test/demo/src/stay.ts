import type { Layout } from './layout';
import { startCommand, type OmeroUser } from './omero-user';

const say = (line: string): void => console.log(line);

/** Until Ctrl-C. */
export async function stay(layout: Layout, user: OmeroUser | undefined): Promise<void> {
  say(`
Servers and data stay until Ctrl-C. To look around, in another terminal:
  npx coldroom --env ${layout.settings} requests list
  npx coldroom --env ${layout.settings} files list --state stuck
  npx coldroom --env ${layout.settings} status
  npx coldroom --env ${layout.settings} doctor
The services run again with: set -a; . ${layout.settings}; set +a; ${startCommand(user)}`);
  await untilInterrupted();
}

export async function untilInterrupted(): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    setInterval(() => undefined, 60_000);
  });
}
