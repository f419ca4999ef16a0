import { messageOf, Refused } from '@coldroom/domain';
import type { Condition } from '@coldroom/omero';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { bytes, days } from './amounts';
import { conditionSettings } from './condition-settings';

const policyName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, { error: 'must be lower-case letters, digits and hyphens' });
const storeName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, { error: 'must be the name of a store' });

const proposal = z.strictObject({
  /** No more is proposed by this rule in 24 hours. */
  perDay: bytes,
  /** How long owners can object before data managers see the request. */
  objections: days.default(14),
  /** For how long the same images are not proposed again, whatever became of the request. */
  again: days.default(365),
});

const move = z.strictObject({
  from: storeName,
  to: storeName,
  /** Since the bag was sealed there. */
  after: days,
  perDay: bytes,
});

const policy = z
  .strictObject({
    /** What owners and data managers read. */
    title: z.string().min(1).max(200),
    where: conditionSettings.default([]),
    except: conditionSettings.default([]),
    propose: proposal.optional(),
    move: move.optional(),
    active: z.boolean().default(true),
  })
  .refine(({ propose, move: moved }) => (propose === undefined) !== (moved === undefined), {
    error: 'must have either propose or move',
  })
  .refine(({ propose, where }) => propose === undefined || where.length > 0, {
    path: ['where'],
    error: 'must have at least one condition: a rule without any would propose all images',
  })
  .refine(({ move: moved }) => moved === undefined || moved.from !== moved.to, {
    path: ['move'],
    error: 'needs two stores',
  })
  .refine(
    ({ move: moved, where, except }) =>
      moved === undefined || [...where, ...except].every(({ kind }) => kind === 'group' || kind === 'owner'),
    { path: ['where'], error: 'may name group and owner only, as bags of copies are moved whole' },
  );

const policiesSettings = z.strictObject({
  /** How often rules are evaluated. */
  every: days.refine((given) => given >= 1, { error: 'must be at least 1d' }).default(1),
  policies: z.record(policyName, policy),
});

export type Proposing = Readonly<z.output<typeof proposal>>;
export type Moving = Readonly<z.output<typeof move>>;

/** A rule of the policies file: it proposes archiving, or moves copies. */
export interface Policy {
  readonly name: string;
  readonly title: string;
  readonly where: readonly Condition[];
  readonly except: readonly Condition[];
  readonly propose: Proposing | undefined;
  readonly move: Moving | undefined;
  readonly active: boolean;
  /** Groups and owners by name, for a rule that moves copies. */
  readonly who: Who;
}

export interface Who {
  readonly groups: readonly string[] | undefined;
  readonly owners: readonly string[] | undefined;
  readonly notGroups: readonly string[] | undefined;
  readonly notOwners: readonly string[] | undefined;
}

export interface Policies {
  readonly everyDays: number;
  readonly policies: readonly Policy[];
}

/** Who asks for what a policy proposes, in requests and events. */
export const askedBy = (policy: string): string => `policy:${policy}`;

/** Reads and checks the policies file (YAML or JSON). `Refused` `POLICIES_INVALID` reports all faults at once. */
export async function readPolicies(path: string): Promise<Policies> {
  let read: unknown;
  try {
    read = parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw invalid(path, [messageOf(error)], error);
  }
  return parsePolicies(read, path);
}

/** The same for settings that have been read already; `path` is for the message. */
export function parsePolicies(read: unknown, path = 'policies'): Policies {
  const parsed = policiesSettings.safeParse(read);
  if (!parsed.success)
    throw invalid(
      path,
      parsed.error.issues.map((issue) => {
        const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
        return `${issue.path.join('.') || 'the file'}: ${message}`;
      }),
    );
  const { every, policies } = parsed.data;
  return {
    everyDays: every,
    policies: Object.entries(policies).map(([name, { propose, move: moved, ...rest }]) => ({
      name,
      ...rest,
      propose,
      move: moved,
      who: whoOf(rest.where, rest.except),
    })),
  };
}

function whoOf(where: readonly Condition[], except: readonly Condition[]): Who {
  const named = (conditions: readonly Condition[], kind: 'group' | 'owner'): readonly string[] | undefined =>
    conditions.flatMap((condition) => (condition.kind === kind ? [condition.anyOf] : []))[0];
  return {
    groups: named(where, 'group'),
    owners: named(where, 'owner'),
    notGroups: named(except, 'group'),
    notOwners: named(except, 'owner'),
  };
}

/** `Refused` `NO_SUCH_POLICY`. */
export function policyNamed({ policies }: Policies, name: string): Policy {
  const found = policies.find((policy) => policy.name === name);
  if (found) return found;
  throw new Refused(
    'NO_SUCH_POLICY',
    `There is no policy ${name}; the file has ${policies.map((policy) => policy.name).join(', ') || 'none'}`,
  );
}

function invalid(path: string, faults: readonly string[], cause?: unknown): Refused {
  return new Refused(
    'POLICIES_INVALID',
    `The policies in ${path} are not set up right:\n${faults.map((fault) => `- ${fault}`).join('\n')}`,
    { faults },
    { cause },
  );
}
