import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './support/temporary-folder.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const KEPT_TO_THE_LETTER = ['.gitattributes', '.ci', 'migrations', 'schemas']

/** As git does on Windows by default; nothing of the machine's own settings counts. */
const CONVERTING_GIT = {
  PATH: process.env['PATH'],
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_COUNT: '3',
  GIT_CONFIG_KEY_0: 'core.autocrlf',
  GIT_CONFIG_VALUE_0: 'true',
  GIT_CONFIG_KEY_1: 'user.name',
  GIT_CONFIG_VALUE_1: 'test',
  GIT_CONFIG_KEY_2: 'user.email',
  GIT_CONFIG_VALUE_2: 'test@localhost',
}

function git(cwd: string, ...args: string[]): void {
  execFileSync('git', args, { cwd, env: CONVERTING_GIT, stdio: 'pipe' })
}

test('a clone by a git that converts line ends has the same bytes', async (t) => {
  const folder = await temporaryFolder(t)
  const [origin, clone] = [join(folder, 'origin'), join(folder, 'clone')]
  for (const path of KEPT_TO_THE_LETTER) {
    cpSync(join(ROOT, path), join(origin, path), { recursive: true })
  }
  git(origin, 'init', '--quiet')
  git(origin, 'add', '.')
  git(origin, 'commit', '--quiet', '--message', 'all')
  git(folder, 'clone', '--quiet', origin, clone)
  const files = globSync('{.ci/run,migrations/*/*.sql,schemas/*.avsc}', { cwd: ROOT })
  assert.ok(files.length > 3)
  for (const path of files) {
    assert.ok(readFileSync(join(clone, path)).equals(readFileSync(join(ROOT, path))), path)
  }
})
