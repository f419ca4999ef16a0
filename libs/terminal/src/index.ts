export { counted, formatBytes, formatCount } from './bytes';
export { csvLine, toCsv, type CsvColumn, type CsvValue } from './csv';
export { formatAge, formatDuration, formatTime } from './durations';
export { below, shortened, flat, harmless, left, right, section, type Lines } from './lines';
export { LiveLines } from './live-lines';
export { progressLine, renderProgress, timeLeft, underWay } from './progress';
export { ProgressMeter, type Pace, type Reading } from './progress-meter';
export { indented, pairs, table, type Column } from './table';
