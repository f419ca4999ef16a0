import { fault, ok, warning, type Finding } from './findings';

const least = [20, 19] as const;
const maintained = 22;

/** Whether this Node.js can run us: ES modules are loaded by require, which 20.19 is the first to do. */
export function examineNode(version = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < least[0] || (major === least[0] && minor < least[1]))
    return fault('node', `version ${version} is too old`, 'install Node.js 24');
  if (major < maintained)
    return warning('node', `version ${version} gets no more security fixes`, 'install Node.js 24');
  return ok('node', `version ${version}`);
}
