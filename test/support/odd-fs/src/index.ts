export { describeOddFs, OddFs } from './odd-fs';
export { noExchange, type Call, type Fault, type Oddities } from './oddities';
