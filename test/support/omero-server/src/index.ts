export { makeCertificate, type CertificateFiles } from './certificate';
export { omeroCommand } from './omero-command';
export { endOmeroSessions, startOmeroServer, type RunningOmeroServer } from './omero-server';
export { startOmeroWeb, type RunningOmeroWeb } from './omero-web';
export { omeroPython } from './python';
export { ScriptLauncher, type ScriptResult } from './script-launcher';
