import { personalIn, tooWide, type Imports, type ImportSource } from '@coldroom/buffers';
import { Refused, type TransferMode } from '@coldroom/domain';
import type { ImportOptions, ImportOrder, ImportOrigin, NewImportOrder, Register } from '@coldroom/register';
import type { Reviewer } from '../requests/review';
import { may } from '../rights/rights';
import { checkImportOptions } from './options';
import { importPerson } from './person';
import { importTarget } from './target';

/** What someone wants to be imported. */
export interface ImportWish {
  /** Absolute. */
  readonly path: Buffer;
  readonly target: string;
  /** The OMERO login of the person to whom the images will belong; default: whoever orders. */
  readonly login?: string | undefined;
  /** The name of one of their groups; needed if they have several. */
  readonly group?: string | undefined;
  /** Default: the first one that the buffer allows. */
  readonly transfer?: TransferMode | undefined;
  readonly options: ImportOptions;
  readonly origin: ImportOrigin;
}

/** An order as it would be recorded. */
export interface PlannedImport {
  readonly order: NewImportOrder;
  readonly buffer: string;
  readonly kind: 'file' | 'directory';
}

/**
 * What an order of the actor would be; changes nothing. People order for themselves, managers and administrators for
 * others too, and then from the whole buffer. `Refused` `NOT_PERMITTED`, and as `importPerson`, `importTarget`,
 * `checkImportOptions`, `Imports.resolveSource` and `Imports.transferOf`.
 */
export async function planImport(reviewer: Reviewer, imports: Imports, wish: ImportWish): Promise<PlannedImport> {
  const { actor, register } = reviewer;
  const target = importTarget(wish.target);
  checkImportOptions(wish.options);
  const login = wish.login ?? (actor.personId === null ? undefined : actor.name);
  if (login === undefined)
    throw new Refused('IMPORT_PERSON_MISSING', 'No person is named. Name the OMERO user who is to have the images.');
  const seesAll = mayImportFor(reviewer, 'other');
  const isOwn = actor.personId !== null && login === actor.name;
  if (!seesAll && !(isOwn && mayImportFor(reviewer, 'own')))
    throw new Refused('NOT_PERMITTED', 'You may import for yourself only. docs/rights.md says who may do more.');
  const { person, group } = await importPerson(register, login, wish.group);
  if (!seesAll && person.id !== actor.personId)
    throw new Refused('NOT_PERMITTED', 'This login is of another user now.');
  const source = await imports.resolveSource(wish.path, person.login, seesAll);
  await refusePersonal(register, source);
  if (source.path.length > longestSource) throw tooLong(source);
  return {
    order: {
      personId: person.id,
      person: person.login,
      groupId: group.id,
      group: group.name,
      source: source.path,
      display: source.display,
      target,
      transfer: imports.transferOf(source.buffer, wish.transfer),
      options: wish.options,
      origin: wish.origin,
    },
    buffer: source.buffer.name,
    kind: source.kind,
  };
}

/** Whoever sees the whole buffer must not order the directory in which another person's sets are. */
async function refusePersonal(register: Register, { below, buffer, display }: ImportSource): Promise<void> {
  const whose = personalIn(below, buffer);
  if (whose === 'everyone' || (whose && (await register.people.byLogin(whose.login)))) throw tooWide(display);
}

/** An index of the register holds the path, and no longer one. */
const longestSource = 2500;

const tooLong = ({ display }: ImportSource): Refused =>
  new Refused(
    'IMPORT_SOURCE_TOO_LONG',
    `The path ${display} has more than ${longestSource} bytes. Move the files to a shorter one.`,
  );

export interface OrderedImport extends PlannedImport {
  /** As it is recorded: of an earlier order, if there is one for the same person and source that is not at its end. */
  readonly recorded: ImportOrder;
  readonly isNew: boolean;
}

/** Orders an import. One set is imported once, whoever orders how often. `Refused` as `planImport`. */
export async function orderImport(reviewer: Reviewer, imports: Imports, wish: ImportWish): Promise<OrderedImport> {
  const { orders } = reviewer.register.imports;
  const planned = await planImport(reviewer, imports, wish);
  const { id, isNew } = await orders.order(planned.order, reviewer.actor.name);
  const recorded = await orders.get(id);
  if (!recorded) throw new RangeError(`import ${id} is gone`);
  return { ...planned, recorded, isNew };
}

function mayImportFor({ actor, policy }: Reviewer, relation: 'own' | 'other'): boolean {
  return may(actor.roles, 'import', [relation], policy);
}
