/** What is older than a number of days. */
export interface AgeCondition {
  readonly kind: 'acquired' | 'imported' | 'changed';
  readonly olderThanDays: number;
}

/** What has an amount of bytes: an image's planes, a fileset's files, a group's filesets, or those of the whole server. */
export interface AmountCondition {
  readonly kind: 'imageSize' | 'filesetSize' | 'groupUses' | 'serverUses';
  readonly atLeast?: bigint | undefined;
  readonly atMost?: bigint | undefined;
}

/** What has one of these names. A project, dataset or screen is also named as `Project:7`. */
export interface NameCondition {
  readonly kind: 'group' | 'owner' | 'project' | 'dataset' | 'screen' | 'tag' | 'format' | 'pixels';
  readonly anyOf: readonly string[];
}

export interface KeyValueCondition {
  readonly kind: 'keyValue';
  readonly key: string;
  /** Any value without it. */
  readonly value?: string | undefined;
}

/** A condition on an image. What OMERO does not record is never in favour of a proposal. */
export type Condition = AgeCondition | AmountCondition | NameCondition | KeyValueCondition;

/**
 * Which filesets are proposed: those of which each image meets all conditions of `where`, and none meets one of `except`.
 * An image without a fileset counts as one.
 */
export interface Selection {
  readonly where: readonly Condition[];
  readonly except: readonly Condition[];
}

export const conditionKinds = [
  'acquired',
  'imported',
  'changed',
  'imageSize',
  'filesetSize',
  'groupUses',
  'serverUses',
  'group',
  'owner',
  'project',
  'dataset',
  'screen',
  'tag',
  'format',
  'pixels',
  'keyValue',
] as const satisfies readonly Condition['kind'][];
