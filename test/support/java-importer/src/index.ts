export { installJavaImporter, type InstalledImporter } from './install';
export type { Misbehaviour, Moment } from './misbehaviour';
export { realBioFormats } from './formats/real';
export { openSession } from './open-session';
