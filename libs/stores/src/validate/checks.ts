import type { Check } from './bench';
import { openBagChecks } from './open-bag-checks';
import { sealedBagChecks } from './sealed-bag-checks';

/**
 * The guarantees of `Store` as one run through the life of a bag, in order: each check finds what those before it left.
 * The conformance suite tests more guarantees against more faults; this tests those on a live store, with its server,
 * mount and rights, that can be tested without harm.
 */
export const checks: readonly Check[] = [...openBagChecks, ...sealedBagChecks];
