/** The oldest major version of Node.js that can run Coldroom. `.nvmrc` and package.json specify the same version. */
export const neededNode = 24;

/**
 * Why this Node.js cannot run Coldroom, and what to do, in one sentence; undefined if it can. Must parse and run on any
 * older version.
 */
export function nodeTooOld(version: string): string | undefined {
  if (Number(version.split('.')[0]) >= neededNode) return undefined;
  return (
    `Coldroom needs Node.js ${neededNode} or newer, but this is Node.js ${version}: ` +
    `use "npx coldroom ..." or "npm start", which run the Node.js that "npm ci" installed, or install Node.js ${neededNode}.`
  );
}
