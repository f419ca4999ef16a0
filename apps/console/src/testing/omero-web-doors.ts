import { startReverseProxy, startSecureProxy } from './forwarding-proxy';

/** Where an OMERO.web with one server and the prefix `/omero/` is reached. */
export interface Doors {
  readonly single: string;
  readonly secure: string;
  /** Over HTTP, but the proxy says that it was HTTPS. */
  readonly mislabelled: string;
  /** OMERO.server ends the session of `alice` after her sign-in, before OMERO.web does. */
  readonly ending: string;
}

interface OpenDoors {
  readonly urls: Doors;
  ended(): number;
  close(): Promise<void>;
}

/** `endSessions` answers how many it ended. */
export async function openDoors(target: string, dir: string, endSessions: () => Promise<number>): Promise<OpenDoors> {
  let ended = 0;
  const single = await startReverseProxy(target);
  const mislabelled = await startReverseProxy(target, { headers: { 'x-forwarded-proto': 'https' } });
  const ending = await startReverseProxy(target, {
    before: async ({ url }) => {
      if (url?.endsWith('/logout/')) ended += await endSessions();
    },
  });
  const secure = await startSecureProxy(target, dir);
  const close = async (): Promise<void> => {
    for (const each of [single, mislabelled, ending, secure]) await each.close();
  };
  const urls = { single: single.url, mislabelled: mislabelled.url, ending: ending.url, secure: secure.url };
  return { urls, ended: () => ended, close };
}
