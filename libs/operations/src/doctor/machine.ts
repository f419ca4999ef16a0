import { neededNode, nodeTooOld } from '@coldroom/runtime';
import { fault, ok, type Finding } from './findings';

/** Whether this Node.js is recent enough; the services refuse to start on an older one. */
export function examineNode(version = process.versions.node): Finding {
  return nodeTooOld(version) === undefined
    ? ok('node', `version ${version}`)
    : fault('node', `version ${version} is too old to run the services`, `install Node.js ${neededNode}`);
}
