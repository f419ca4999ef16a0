import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Appliance } from './appliance';
import { certificateIn } from './certificate';
import { FaultScript, type Api, type Fault, type FaultRule } from './faults';
import { atOnce, type Pace } from './file-info';
import { Holdings } from './holdings';
import { bodyOf, formField, send, type Reply } from './replies';

export interface FakeArkivumOptions {
  /** Its own directory: state, certificate. Another start with the same one resumes from there. */
  readonly dir: string;
  /** The directory that clients copy into. */
  readonly mount: string;
  readonly faults?: readonly FaultRule[];
  /** Default: files are final and green at once. */
  readonly pace?: Partial<Pace>;
  /** Default: a free one. */
  readonly port?: number;
  /** False: plain HTTP. */
  readonly tls?: boolean;
}

export interface FakeArkivum {
  readonly url: string;
  /** The certificate to trust. */
  readonly caFile: string;
  /** Method and URL of each request so far. */
  readonly requests: readonly string[];
  setFaults(rules: readonly FaultRule[]): void;
  /** Rules that were never used. */
  unusedFaults(): readonly FaultRule[];
  /** Drops a previously requested file from its cache, as the appliance does in time. */
  evict(path: string): void;
  /** Ends it; unanswered requests are cut. May be called twice. */
  stop(): Promise<void>;
}

interface Route {
  readonly method: 'GET' | 'POST';
  readonly prefix: string;
  readonly api: Api;
  readonly answer: (
    appliance: Appliance,
    rest: string,
    faults: readonly Fault[],
    body: string,
  ) => Reply | Promise<Reply>;
}

const routes: readonly Route[] = [
  {
    method: 'GET',
    prefix: '/api/2/files/fileInfo/',
    api: 'fileInfo',
    answer: (appliance, path, faults) => appliance.fileInfo(path, faults),
  },
  {
    method: 'POST',
    prefix: '/api/2/files/release/',
    api: 'release',
    answer: (appliance, path, _faults, body) => appliance.release(path, body),
  },
  {
    method: 'GET',
    prefix: '/api/2/files/release/',
    api: 'release',
    answer: (appliance, id, faults) => appliance.releaseStatus(id, faults),
  },
  {
    method: 'POST',
    prefix: '/api/3/ingest-manifest/release',
    api: 'ingest-manifest',
    answer: (appliance, _rest, _faults, body) => {
      const bagitPath = formField(body, 'bagitPath');
      return bagitPath ? appliance.ingestManifest(bagitPath) : { status: 400 };
    },
  },
  {
    method: 'GET',
    prefix: '/api/3/ingest-manifest/status/',
    api: 'ingest-manifest',
    answer: (appliance, id, faults) => appliance.ingestManifestStatus(id, faults),
  },
  {
    method: 'POST',
    prefix: '/api/2/local-cache/restore-request/',
    api: 'restore-request',
    answer: (appliance, id) => appliance.restore(id),
  },
  {
    method: 'GET',
    prefix: '/api/2/local-cache/restore-request/',
    api: 'restore-request',
    answer: (appliance, id) => appliance.restoreStatus(id),
  },
];

/** Starts a server that speaks the REST API of an Arkivum A-Stor appliance about the files in `mount`. */
export async function startFakeArkivum({
  dir,
  mount,
  faults = [],
  pace = {},
  port = 0,
  tls = true,
}: FakeArkivumOptions): Promise<FakeArkivum> {
  const script = new FaultScript(faults);
  const holdings = new Holdings(dir, mount);
  const appliance = new Appliance(mount, holdings, { ...atOnce, ...pace }, script);
  const certificate = certificateIn(join(dir, 'certificate'));
  const requests: string[] = [];
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(`${request.method} ${request.url}`);
    answer(appliance, request, response).catch((error: unknown) => {
      console.error('fake arkivum:', error);
      response.destroy();
    });
  };
  const server = tls
    ? createServer({ key: certificate.key, cert: certificate.cert }, handle)
    : createPlainServer(handle);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `${tls ? 'https' : 'http'}://localhost:${(server.address() as AddressInfo).port}`,
    caFile: certificate.caFile,
    requests,
    setFaults: (rules) => script.set(rules),
    unusedFaults: () => script.unused(),
    evict: (path) => holdings.setLocal(path, false),
    stop: async () => {
      if (!server.listening) return;
      const closed = new Promise((resolve) => {
        server.close(resolve);
      });
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(appliance: Appliance, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request);
  const url = request.url ?? '';
  const route = routes.find(({ method, prefix }) => method === request.method && url.startsWith(prefix));
  if (!route) return send(response, { status: 404 }, []);
  const rest = unquoted(url.slice(route.prefix.length));
  const faults = appliance.faults(route.api, rest);
  send(response, await route.answer(appliance, rest, faults, body), faults);
}

/** Percent-encoded bytes as latin1: names are bytes, not always UTF-8. */
function unquoted(quoted: string): string {
  return quoted.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
