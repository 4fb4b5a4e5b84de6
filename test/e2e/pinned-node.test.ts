import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** npm itself installs a package that stands for the pinned Node, by a lock file as ours is. */

const run = promisify(execFile)
const launchers = fileURLToPath(new URL('../../bin/', import.meta.url))
/** npm runs scripts by it. */
const program = `#!/bin/sh\nexec '${process.execPath}' "$@"\n`
const link = 'node_modules/.bin/node'
const refusal =
  /Node 26\.0\.0 is not installed: npm could not fetch node-here, or its content is not the one that package-lock\.json has the hash of/

suite('the pinned Node', () => {
  test('is installed where its content has the hash of package-lock.json', async () => {
    await using project = await createProject()
    const { code, output } = await project.install()
    assert.equal(code, 0, output)
    assert.equal(await readlink(project.path(link)), '../node-here/bin/node')
  })

  test('is left out where its content has another hash, and the install ends with a sentence', async () => {
    await using project = await createProject()
    await project.pack(`${program}\n# tampered with\n`)
    const { code, output } = await project.install()
    assert.match(output, refusal)
    assert.equal(code, 1)
    await assert.rejects(readFile(project.path('node_modules/node-here/bin/node')), /ENOENT/)
  })

  test('is not missed by somebody who wants nothing that is optional', async () => {
    await using project = await createProject()
    const { code, output } = await project.install('--omit=optional')
    assert.equal(code, 0, output)
  })

  test('is `node` of npm scripts also where npm took the link to it away', async () => {
    await using project = await createProject()
    await project.install()
    await rm(project.path(link))
    await run(process.execPath, [project.path('bin/check-node.mjs')])
    assert.equal(await readlink(project.path(link)), '../node-here/bin/node')
  })
})

interface Project extends AsyncDisposable {
  path(name: string): string
  /** Makes the package anew, and leaves the hash in package-lock.json as it is. */
  pack(content: string): Promise<void>
  install(...options: readonly string[]): Promise<{ code: number; output: string }>
}

async function createProject(): Promise<Project> {
  const dir = await mkdtemp(join(tmpdir(), 'cart-service-pinned-node-'))
  const path = (name: string): string => join(dir, name)
  const write = async (name: string, content: string | object): Promise<void> => {
    await mkdir(dirname(path(name)), { recursive: true })
    await writeFile(path(name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  const node = {
    version: '26.0.0',
    os: process.platform,
    cpu: process.arch,
    bin: { node: 'bin/node' },
  }
  const pack = async (content: string): Promise<void> => {
    await write('package/package.json', { name: 'node-here', ...node })
    await write('package/bin/node', content)
    await run('tar', ['--create', '--gzip', '--file', 'node-here.tgz', 'package'], { cwd: dir })
  }
  await cp(launchers, path('bin'), { recursive: true })
  await pack(program)
  const hash = createHash('sha512').update(await readFile(path('node-here.tgz')))
  const manifest = { name: 'project', optionalDependencies: { 'node-here': 'file:node-here.tgz' } }
  const entry = {
    ...node,
    optional: true,
    resolved: 'file:node-here.tgz',
    integrity: `sha512-${hash.digest('base64')}`,
  }
  await write('package.json', {
    ...manifest,
    scripts: { postinstall: 'node bin/check-node.mjs' },
  })
  await write('package-lock.json', {
    lockfileVersion: 3,
    requires: true,
    packages: { '': manifest, 'node_modules/node-here': entry },
  })

  return {
    path,
    pack,
    install: async (...options) => {
      // The program must be the machine's, and the settings of an npm that runs this test must not count.
      const env = { PATH: process.env['PATH'], HOME: dir }
      const args = ['ci', '--offline', '--no-audit', ...options]
      try {
        const { stdout, stderr } = await run('npm', args, { cwd: dir, env })
        return { code: 0, output: stdout + stderr }
      } catch (error) {
        const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
        return { code, output: stdout + stderr }
      }
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  }
}
