#!/usr/bin/env node
// `npx cart …` in a clone: the command line, on the Node version that package.json pins.
process.argv.splice(2, 0, 'src/cli/cart.ts')
await import('./with-node.mjs')
