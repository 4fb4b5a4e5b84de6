import { spawnSync } from 'node:child_process'
import process from 'node:process'

/**
 * The alerts by promtool, which comes with Prometheus (Debian: the package `prometheus`): `check rules`,
 * and the tests that are beside them. A command of its own, because npm cannot bring promtool.
 */

const FOLDER = 'deploy/observability'

const PROMTOOL = process.env['PROMTOOL'] ?? 'promtool'

for (const args of [
  ['check', 'rules', `${FOLDER}/cart-rules.yaml`],
  ['test', 'rules', `${FOLDER}/cart-rules.test.yaml`],
]) {
  const { status, error } = spawnSync(PROMTOOL, args, { stdio: 'inherit' })
  if (error !== undefined) {
    process.stderr.write(`${PROMTOOL} cannot be run: install Prometheus, or set PROMTOOL\n`)
    process.exit(1)
  }
  if (status !== 0) process.exit(1)
}
