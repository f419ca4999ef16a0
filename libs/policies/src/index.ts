export {
  askedBy,
  parsePolicies,
  policyNamed,
  readPolicies,
  type Moving,
  type Policies,
  type Policy,
  type Proposing,
} from './settings';
export { worded } from './wording';
