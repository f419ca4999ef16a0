export { describeOn, mountOn, type MountKind } from './mounted';
export { canChattr, chattr, makeChangeable } from './chattr';
