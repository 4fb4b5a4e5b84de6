#!/usr/bin/env node
// `npx cart …` in a clone: the command line, on the Node version that package.json pins.

// The command runs in the folder of the clone. Files that the caller names are in the caller's folder,
// which npm tells where it has changed it.
const { npm_lifecycle_event: script, INIT_CWD: folder } = process.env
process.env.CART_CALLER_FOLDER = script === 'cart' && folder ? folder : process.cwd()
process.argv.splice(2, 0, 'src/cli/cart.ts')
await import('./with-node.mjs')
