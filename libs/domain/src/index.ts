export * from './bags';
export * from './errors';
export type { AtPath, Reason } from './evidence/checks';
export * from './evidence/link';
export * from './evidence/original';
export * from './model';
export * from './states';
export * from './crash-points';
export * from './store';
