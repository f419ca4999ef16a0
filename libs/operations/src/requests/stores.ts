import { Refused } from '@coldroom/domain';
import type { Register, RequestSummary } from '@coldroom/register';
import { onlyRead } from '@coldroom/stores';
import { isOld } from '../stores/is-old';
import { costOf, type YearlyCost } from '../usage/costs';

/** A store that an approval may name. */
export interface StoreChoice {
  readonly name: string;
  /** Taken if the approval names none: that of the group, or the default. */
  readonly isUsual: boolean;
  /** When it was last looked at. If that is old, what was found may no longer be true. */
  readonly lookedAt: Date;
  readonly isOld: boolean;
  /** It could not be used at the last look; archiving waits until it can. The reason is for who may see stores. */
  readonly fault: { readonly code: string; readonly since: Date } | null;
  /** Null where free space says nothing about how much can be archived, and where it is not known. */
  readonly freeBytes: bigint | null;
  /** The request does not fit into the free space. */
  readonly isTooSmall: boolean;
  /** Of the request; null where the stores file names no price. */
  readonly cost: YearlyCost | null;
}

/** Nothing is archived there. */
const onlyReadKind = 'older';

/** Stores whose free space is that of a file system; of the others the register knows that of recalled copies only. */
const limited = ['file', 'arkivum'];

/** The usual one first. Empty until a service has looked at the stores. */
export async function storesOf(
  { storeHealth }: Register,
  { group, bytes }: Pick<RequestSummary, 'group' | 'bytes'>,
): Promise<readonly StoreChoice[]> {
  const stores = (await storeHealth.list()).filter(({ kind }) => kind !== onlyReadKind);
  const usual = stores.find(({ groups }) => groups.includes(group)) ?? stores.find(({ isDefault }) => isDefault);
  return stores
    .map((store) => {
      const old = isOld(store);
      const freeBytes = limited.includes(store.kind) && !old ? store.freeBytes : null;
      return {
        name: store.name,
        isUsual: store === usual,
        lookedAt: store.lookedAt,
        isOld: old,
        fault: store.fault && { code: store.fault.code, since: store.fault.since },
        freeBytes,
        isTooSmall: freeBytes !== null && freeBytes < bytes,
        cost: store.price && costOf(bytes, store.price),
      };
    })
    .toSorted((one, other) => Number(other.isUsual) - Number(one.isUsual));
}

/** `Refused` `STORE_UNKNOWN` if no service has reported a store of this name. */
export async function refuseUnreportedStore({ storeHealth }: Register, name: string): Promise<void> {
  const known = (await storeHealth.list()).map((store) => store.name);
  if (known.includes(name)) return;
  throw new Refused(
    'STORE_UNKNOWN',
    known.length === 0
      ? `It is not known whether there is a store "${name}": ingest-watcher has not reported the stores yet. Approve without naming one, or start it.`
      : `There is no store "${name}"; there are ${known.join(', ')}.`,
  );
}

/** What a store cannot promise whose file system was refused; without its path, which not all who approve may see. */
const cannotPromise: Readonly<Record<string, string>> = {
  STORE_NOT_PROTECTED: 'cannot protect copies: its file system does not keep permissions',
  STORE_NOT_PROVABLE: 'cannot prove copies: what is read there does not come from a disk',
  FILE_SYSTEM_UNABLE: 'cannot keep copies: its file system lacks an ability that Coldroom needs',
};

/** `Refused` `STORE_ONLY_READ`, or with the code of the last look, if the request would go to a store whose file system was refused. */
export async function refuseUnableStore(
  register: Register,
  request: Pick<RequestSummary, 'group' | 'bytes'>,
  name: string | null,
): Promise<void> {
  const named = name === null ? undefined : (await register.storeHealth.list()).find((each) => each.name === name);
  if (named?.kind === onlyReadKind) throw onlyRead(named.name);
  const stores = await storesOf(register, request);
  const store = stores.find((each) => (name === null ? each.isUsual : each.name === name));
  const reason = cannotPromise[store?.fault?.code ?? ''];
  if (store?.fault && reason !== undefined)
    throw new Refused(
      store.fault.code,
      `The store "${store.name}" ${reason}. An administrator finds the way out with "coldroom doctor".`,
    );
}
