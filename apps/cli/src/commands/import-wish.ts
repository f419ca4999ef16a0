import { transferModes } from '@coldroom/domain';
import { importPair, type ImportWish } from '@coldroom/operations';
import type { ChangeOptions } from '../command';
import { parseNames, single } from '../parsing';

export interface ImportCommandOptions extends ChangeOptions {
  readonly target?: string;
  readonly as?: string;
  readonly group?: string;
  readonly transfer?: string;
  readonly name?: string;
  readonly description?: string;
  readonly annotate?: readonly string[];
  readonly again?: boolean;
  readonly bulk?: string;
  readonly csv?: string;
  readonly skipBad?: boolean;
  readonly wait?: boolean;
}

/** What all orders of one command share. */
export function sharedWish(options: ImportCommandOptions): Omit<ImportWish, 'path' | 'target'> {
  const { as: login, group, transfer, name, description, annotate, again } = options;
  return {
    login,
    group,
    transfer:
      transfer === undefined ? undefined : single(parseNames(transfer, transferModes, 'transfer'), '--transfer'),
    options: {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      ...(annotate === undefined ? {} : { annotations: annotate.map(importPair) }),
      ...(again ? { again } : {}),
    },
    origin: 'command',
  };
}

/** The bytes of the path are shown by `display`. */
export function shown<T extends { readonly source: Buffer }>({ source: _source, ...order }: T): Omit<T, 'source'> {
  return order;
}
