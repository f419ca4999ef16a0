#!/usr/bin/env node
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const main = join(__dirname, '..', 'dist', 'main.js');
if (!existsSync(main)) {
  console.error('coldroom-agent is not built yet: run "npm run build" first');
  process.exit(1);
}
require(main);
