import { killLinkers } from './killed-linkers';

describe('a linker killed at each step, one after the other: the last one finishes the work', () => killLinkers({}));
