export { earlierBags, unpackEarlierBags } from './earlier-bags';
export { proveBySums, sumsOf } from './sums';
export { doesNotTake, validator, validatorNames, type Validator, type ValidatorName } from './validators';
