import process from 'node:process'

/**
 * Where the person is that called: the launcher says so (bin/cart.mjs), because the tools run in the
 * folder of the clone, whose settings they have.
 */
export function callerFolder(): string {
  return process.env['CART_CALLER_FOLDER'] ?? process.cwd()
}
