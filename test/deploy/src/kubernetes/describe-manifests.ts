import { canRender, howToRender } from './render';

if (!canRender) process.stderr.write(`SKIPPED: the manifests in k8s/. ${howToRender}\n`);

/** `describe` where the manifests can be rendered. */
export const describeManifests = canRender ? describe : describe.skip;
