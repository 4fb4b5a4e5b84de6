import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** A folder that goes when the test ends. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'cart-service-test-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}
