export { builtTraefik } from './program';
export { dynamicSettings } from './labels';
