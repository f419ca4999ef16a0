import { codeOf } from '@coldroom/domain';
import { PolicyDatabase } from '@coldroom/omero';
import { policyNamed, readPolicies, type Policies, type Policy } from '@coldroom/policies';
import type { Surroundings } from '../surroundings';

/** The rules as configured. `SettingsError`; `Refused` `POLICIES_INVALID`. */
export async function openPolicies(around: Pick<Surroundings, 'settings'>): Promise<Policies> {
  return readPolicies(around.settings('policiesFile').COLDROOM_POLICIES);
}

/** Those that are named, or all. `Refused` `NO_SUCH_POLICY`. */
export function chosenPolicies(policies: Policies, name: string | undefined): readonly Policy[] {
  return name === undefined ? policies.policies : [policyNamed(policies, name)];
}

/** Gives a connection to OMERO's database with the role of policies. */
export async function withPolicyDatabase<T>(
  around: Pick<Surroundings, 'settings'>,
  use: (omero: PolicyDatabase) => Promise<T>,
): Promise<T> {
  const omero = PolicyDatabase.connect(around.settings('policiesDatabase').POLICIES_OMERO_DATABASE_URL);
  try {
    return await use(omero);
  } finally {
    await omero.close().catch((error: unknown) => codeOf(error));
  }
}
