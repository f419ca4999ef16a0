export { installJavaImporter, type InstalledImporter } from './install';
export type { Misbehaviour, Moment } from './misbehaviour';
export { openSession } from './open-session';
