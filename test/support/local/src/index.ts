export { createDatabase } from './database';
export { debianPostgres, skippedWithout, type DebianPostgres } from './debian-postgres';
export { keepPrograms, keptPrograms } from './kept-programs';
export { startPostgres, type PostgresPlace } from './postgres';
export { removeServerData } from './postgres-data';
export { startRedis } from './redis';
export { startS3, type LocalS3 } from './s3';
export { freePort, startServer, type LocalServer, type ServerProcess } from './server-process';
export { SlowLink } from './slow-link';
