import type { Condition } from '@coldroom/omero';

const subjects = {
  acquired: 'acquired',
  imported: 'imported',
  changed: 'last changed',
  imageSize: 'image',
  filesetSize: 'fileset',
  groupUses: 'group uses',
  serverUses: 'server uses',
} as const;

/** A condition in words: `acquired more than 730 days ago`. `amount` shows bytes. */
export function worded(condition: Condition, amount: (bytes: bigint) => string): string {
  switch (condition.kind) {
    case 'acquired':
    case 'imported':
    case 'changed':
      return `${subjects[condition.kind]} more than ${condition.olderThanDays} days ago`;
    case 'imageSize':
    case 'filesetSize':
    case 'groupUses':
    case 'serverUses': {
      const { atLeast, atMost } = condition;
      const limits = [
        ...(atLeast === undefined ? [] : [`at least ${amount(atLeast)}`]),
        ...(atMost === undefined ? [] : [`at most ${amount(atMost)}`]),
      ];
      const verb = condition.kind.endsWith('Uses') ? '' : ' of';
      return `${subjects[condition.kind]}${verb} ${limits.join(' and ')}`;
    }
    case 'keyValue':
      return condition.value === undefined
        ? `key-value pair ${condition.key}`
        : `key-value pair ${condition.key} = ${condition.value}`;
    default:
      return `${condition.kind} ${condition.anyOf.join(' or ')}`;
  }
}
