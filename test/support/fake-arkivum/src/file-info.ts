import type { Fault } from './faults';
import type { Holding } from './holdings';

/** How long after it was copied a file reaches each point, in seconds. All 0: at once. */
export interface Pace {
  /** The appliance knows of it. */
  readonly seen: number;
  /** `ingestState` FINAL: its MD5 is known. */
  readonly final: number;
  readonly amber: number;
  readonly green: number;
  /** From a request to restore it until it is local. */
  readonly restored: number;
}

export const atOnce: Pace = { seen: 0, final: 0, amber: 0, green: 0, restored: 0 };

export type ReplicationState = 'red' | 'amber' | 'green';

/** The state of a file at this moment, by the pace alone; undefined if the appliance does not know of it yet. */
export function progressOf(
  holding: Holding,
  pace: Pace,
  now: number,
): { readonly ingestState: 'PRIMARY' | 'FINAL'; readonly replicationState: ReplicationState } | undefined {
  const age = (now - holding.copied) / 1000;
  if (age < pace.seen) return undefined;
  const final = age >= pace.final;
  const replicationState = !final || age < pace.amber ? 'red' : age < pace.green ? 'amber' : 'green';
  return { ingestState: final ? 'FINAL' : 'PRIMARY', replicationState };
}

/**
 * The answer to fileInfo, its fields as recorded from A-Stor 2.2.9 and later (Archivematica Storage Service's test
 * fixtures).
 */
export function fileInfo(
  holding: Holding,
  progress: { readonly ingestState: string; readonly replicationState: string },
): Record<string, unknown> {
  const { id, directory, size, mode, modified, copied, local, path } = holding;
  const time = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    autoClear: true,
    chunkset: { chunks: [], encrypted: false, escrowsetId: null, id: null, revision: 0 },
    created: time(copied),
    creator: 'nobody',
    dataPoolId: 'd3ec6915-a72f-4f34-9df7-eac51639fea2',
    directory,
    escrowTapes: [],
    extendedAttributes: {},
    file: !directory,
    fileMode: mode,
    id,
    ingestState: directory ? 'UNINIT' : progress.ingestState,
    lastAccessed: time(copied),
    lastChanged: time(copied),
    lastModified: time(modified),
    local,
    md5: progress.ingestState === 'FINAL' && !directory ? holding.md5 : null,
    name: path.split('/').at(-1),
    ownerGroupId: 99,
    ownerUserId: 99,
    parentId: '6f870265-6e07-4ba5-afcf-6195c24d704d',
    path: `/${path}`,
    replicationState: progress.replicationState,
    size,
  };
}

/** The same answer, changed by the faults. `asked` counts the answers about this file so far. */
export function distorted(
  info: Record<string, unknown>,
  faults: readonly Fault[],
  asked: number,
): Record<string, unknown> {
  return faults.reduce((answer, fault) => ({ ...answer, ...changes(answer, fault, asked) }), info);
}

function changes(info: Record<string, unknown>, fault: Fault, asked: number): Record<string, unknown> {
  switch (fault.kind) {
    case 'null-md5':
      return { md5: null };
    case 'capital-md5':
      return { md5: undefined, MD5: String(info['md5']).toUpperCase() };
    case 'short-md5':
      return { md5: String(info['md5']).replace(/^0+/, '') };
    case 'size-as-text':
      return { size: fault.text ?? String(info['size']) };
    case 'ingest-state':
      return { ingestState: fault.ingestState };
    case 'stays':
      return { replicationState: fault.replicationState };
    case 'sinks':
      return { replicationState: asked < fault.answers ? 'green' : 'amber' };
    case 'lies':
      return {
        ...(fault.md5 === undefined ? {} : { md5: fault.md5 }),
        ...(fault.size === undefined ? {} : { size: fault.size }),
      };
    case 'extra-fields':
      return { colour: 'green', checksum: { md5: '0' }, localPath: null, durable: true };
    default:
      return {};
  }
}
