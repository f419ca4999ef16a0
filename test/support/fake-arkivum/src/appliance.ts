import { join } from 'node:path';
import { checkBag } from './bag-check';
import type { Api, Fault, FaultScript } from './faults';
import { distorted, fileInfo, progressOf, type Pace } from './file-info';
import type { Holding, Holdings, Order } from './holdings';
import type { Reply } from './replies';

const notFound: Reply = { status: 404 };

/** What the appliance answers. Faults that change an answer are applied here, those of the connection by the sender. */
export class Appliance {
  private readonly asked = new Map<string, number>();

  constructor(
    private readonly mount: string,
    private readonly holdings: Holdings,
    private readonly pace: Pace,
    private readonly script: FaultScript,
  ) {}

  async fileInfo(path: string, faults: readonly Fault[]): Promise<Reply> {
    const info = await this.informationOf(path, faults);
    return info ? { status: 200, body: info } : notFound;
  }

  /** A person or a program reports that a file is complete; a given size and checksum are compared (v2). */
  async release(path: string, body: string): Promise<Reply> {
    if (!(await this.holdings.at(path))) return notFound;
    const order = this.holdings.order('release', path, JSON.parse(body) as Order['told']);
    return { status: 202, body: await this.releaseState(order, []) };
  }

  async releaseStatus(id: string, faults: readonly Fault[]): Promise<Reply> {
    const order = this.holdings.orderOf('release', id);
    return order ? { status: 200, body: await this.releaseState(order, faults) } : notFound;
  }

  /** The same for a whole bag (v3). */
  ingestManifest(bagitPath: string): Reply {
    const { id } = this.holdings.order('ingest-manifest', bagitPath.replace(/^\/+/, ''));
    return { status: 202, body: { id, status: 'Scheduled' } };
  }

  async ingestManifestStatus(id: string, faults: readonly Fault[]): Promise<Reply> {
    const order = this.holdings.orderOf('ingest-manifest', id);
    if (!order) return notFound;
    const { checked, failures } = await checkBag(join(this.mount, order.path));
    const told = [
      ...failures,
      ...faults.flatMap((fault) =>
        fault.kind === 'manifest-fails' ? [{ filepath: fault.filepath, reason: fault.reason }] : [],
      ),
    ];
    if (told.length > 0) return { status: 200, body: { failures: told, id, status: 'Failed' } };
    const info = await this.informationOf(`${order.path}/bag-info.txt`, faults);
    if (info?.['ingestState'] !== 'FINAL') return { status: 200, body: { id, status: 'Scheduled' } };
    const state = String(info['replicationState']);
    return {
      status: 200,
      body: {
        processed: checked,
        replicationState: state,
        fixityLastChecked: new Date().toISOString().slice(0, 10),
        replicationStates: { [state]: checked },
        id,
        passed: String(checked),
        status: 'Completed',
      },
    };
  }

  /** Brings a file online; `id` is the file's (from the plugin that the vendor of the appliance wrote for EPrints). */
  restore(fileId: string): Reply {
    const holding = this.holdings.withId(fileId);
    if (!holding) return notFound;
    const order = this.holdings.order('restore-request', holding.path);
    return { status: 202, body: { id: order.id, status: this.restoreState(order) } };
  }

  restoreStatus(id: string): Reply {
    const order = this.holdings.orderOf('restore-request', id);
    return order ? { status: 200, body: { id, status: this.restoreState(order) } } : notFound;
  }

  private restoreState(order: Order): 'Scheduled' | 'Completed' {
    if (Date.now() - order.requested < this.pace.restored * 1000) return 'Scheduled';
    this.holdings.restore(order);
    return 'Completed';
  }

  private async informationOf(path: string, faults: readonly Fault[]): Promise<Record<string, unknown> | undefined> {
    // A requested file comes online by itself, whether its progress is queried or not.
    for (const order of this.holdings.restoresOf(path)) this.restoreState(order);
    const holding = await this.holdings.at(path);
    const progress = holding && progressOf(holding, this.pace, Date.now());
    if (!holding || !progress || isLate(holding, faults)) return undefined;
    const asked = this.asked.get(path) ?? 0;
    this.asked.set(path, asked + 1);
    return distorted(fileInfo(holding, progress), faults, asked);
  }

  private async releaseState(order: Order, faults: readonly Fault[]): Promise<Record<string, unknown>> {
    const holding = await this.holdings.at(order.path);
    const info = await this.informationOf(order.path, faults);
    const final = info?.['ingestState'] === 'FINAL';
    const right =
      !order.told ||
      !final ||
      (String(holding?.size) === order.told.size &&
        (order.told.checksumAlgorithm.toLowerCase() !== 'md5' || holding?.md5 === order.told.checksum));
    return {
      actualChecksum: final ? holding?.md5 : null,
      actualChecksumChecksumAlgorithm: final ? 'md5' : null,
      actualCompressionAlgorithm: null,
      actualSize: final ? holding?.size : 0,
      completed: order.requested,
      fileId: holding?.id,
      fileInformation: info ?? null,
      id: order.id,
      originalChecksum: order.told?.checksum,
      originalChecksumChecksumAlgorithm: order.told?.checksumAlgorithm,
      originalCompressionAlgorithm: order.told?.compressionAlgorithm,
      originalSize: Number(order.told?.size),
      reason: right ? null : 'size or checksum differ from what was announced',
      requested: order.requested,
      status: !right ? 'Failed' : final ? 'Completed' : 'Scheduled',
    };
  }

  /** Faults of this API; those on `path`. */
  faults(api: Api, path: string): readonly Fault[] {
    return this.script.of(api, path);
  }
}

function isLate(holding: Holding, faults: readonly Fault[]): boolean {
  return faults.some((fault) => fault.kind === 'late' && Date.now() - holding.copied < fault.seconds * 1000);
}
