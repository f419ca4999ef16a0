export { canChattr, chattr, makeChangeable } from './chattr';
