import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

interface Manifest {
  readonly version: string
  readonly bin: { readonly cart: string }
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest
const launcher = join(ROOT, manifest.bin.cart)

function launch(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const options = { cwd: ROOT, env: { PATH: process.env['PATH'] }, timeout: 120_000 }
    execFile(process.execPath, [launcher, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

suite('what npx cart starts', () => {
  test('is a program for any Node.js, and hands on arguments and the exit code', async () => {
    accessSync(launcher, constants.X_OK)
    assert.match(readFileSync(launcher, 'utf8'), /^#!\/usr\/bin\/env node\n/)
    const shown = await launch('config', '--json')
    assert.equal(shown.code, 0, shown.stderr)
    assert.equal((JSON.parse(shown.stdout) as { ok: boolean }).ok, true)
    assert.equal((await launch('confgi')).code, 2)
  })

  test('tells its version', async () => {
    const { code, stdout } = await launch('--version')
    assert.equal(code, 0)
    assert.equal(stdout, `${manifest.version}\n`)
  })
})
