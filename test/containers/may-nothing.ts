import assert from 'node:assert/strict'

const CAPABILITIES = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']

/** By `/proc/1/status` of a container: Node.js itself, as an ordinary user, without a right to gain any. */
export function assertMayNothing(status: string): void {
  assert.match(status, /^Name:\s+node/mu)
  assert.match(status, /^Uid:\s+1000\s+1000\s+1000\s+1000$/mu)
  for (const set of CAPABILITIES) assert.match(status, new RegExp(`^${set}:\\s+0{16}$`, 'mu'))
  assert.match(status, /^NoNewPrivs:\s+1$/mu)
}
