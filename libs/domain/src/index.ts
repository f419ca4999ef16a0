export * from './bags';
export * from './errors';
export * from './evidence';
export * from './model';
export * from './states';
export * from './crash-points';
export * from './store';
