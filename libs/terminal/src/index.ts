export { counted, formatBytes, formatCount } from './bytes';
export { formatAge, formatDuration, formatTime } from './durations';
export { paceOf, progressLine, renderProgress, underWay, type Pace } from './progress';
export { indented, pairs, table, type Column } from './table';
