import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const launchers = fileURLToPath(new URL('../../bin/', import.meta.url))
const node = {
  version: process.versions.node,
  integrity: 'sha512-node',
  optional: true,
  os: process.platform,
  cpu: process.arch,
  bin: { node: 'bin/node' },
}
const library = { version: '1.0.0', integrity: 'sha512-library' }
const tool = { version: '2.0.0', integrity: 'sha512-tool', dev: true }
const otherSystem = { version: '3.0.0', integrity: 'sha512-other', optional: true }
const wanted = {
  '': {},
  'node_modules/node-here': node,
  'node_modules/library': library,
  'node_modules/tool': tool,
  'node_modules/other-system': otherSystem,
}

suite('bin/with-node.mjs', () => {
  test('hands arguments on and ends with the exit code of the script', async () => {
    await using project = await createProject({ installed: wanted })
    await project.write(
      'src/main.mjs',
      'console.log(process.argv.slice(2).join()); process.exit(7)',
    )
    const { code, output } = await project.run(['src/main.mjs', 'a', 'b'])
    assert.equal(output, 'a,b\n')
    assert.equal(code, 7)
  })

  test('installs what package-lock.json asks for when nothing is installed', async () => {
    await using project = await createProject({ installed: undefined })
    const { output } = await project.run(['src/main.mjs'])
    assert.match(output, /^Installing dependencies: npm ci\nran\n$/)
    assert.deepEqual(await project.npmArguments(), ['ci', '--loglevel=error'])
  })

  test('installs when another version is installed than package-lock.json asks for', async () => {
    const installed = { ...wanted, 'node_modules/library': { ...library, version: '0.9.0' } }
    await using project = await createProject({ installed })
    await project.run(['src/main.mjs'])
    assert.ok(await project.npmArguments())
  })

  test('runs the service without what only developers need, and tests with it', async () => {
    const production = { 'node_modules/library': library }
    await using project = await createProject({ installed: production })
    assert.equal((await project.run(['src/main.mjs'])).output, 'ran\n')
    assert.equal(await project.npmArguments(), undefined)
    await project.run(['scripts/test.ts'])
    assert.deepEqual(await project.npmArguments(), ['ci', '--loglevel=error', '--include=dev'])
  })

  test('runs the Node that package-lock.json names for this system', async () => {
    await using project = await createProject({ installed: wanted })
    const program = await project.write(
      'node_modules/node-here/bin/node',
      '#!/bin/sh\necho pinned "$@"\n',
    )
    await chmod(program, 0o755)
    assert.equal((await project.run(['src/main.mjs', 'a'])).output, 'pinned src/main.mjs a\n')
    assert.equal(await project.npmArguments(), undefined)
  })

  test('installs, and says which Node is needed, where this one is too old', async () => {
    await using project = await createProject({ installed: wanted })
    const newer = { ...wanted, 'node_modules/node-here': { ...node, version: '999.0.0' } }
    await project.write('package-lock.json', JSON.stringify({ packages: newer }))
    await project.write('node_modules/.package-lock.json', JSON.stringify({ packages: newer }))
    const { code, output } = await project.run(['src/main.mjs'])
    assert.deepEqual(await project.npmArguments(), ['ci', '--loglevel=error'])
    assert.match(output, /\nThis needs Node 999\.0\.0 and .* Install Node 999\.0\.0, .*\n$/)
    assert.equal(code, 1)
  })

  test('hands SIGTERM on and waits for the end of the script', async () => {
    await using project = await createProject({ installed: wanted })
    await project.write(
      'src/main.mjs',
      `process.on('SIGTERM', () => { console.log('closed'); process.exit(0) })
       setInterval(() => {}, 1000)
       console.log('up')`,
    )
    const { code, output } = await project.run(['src/main.mjs'], (child) => child.kill('SIGTERM'))
    assert.equal(output, 'up\nclosed\n')
    assert.equal(code, 0)
  })
})

interface Project extends AsyncDisposable {
  /** Returns its whole path. */
  write(path: string, text: string): Promise<string>
  /** Runs it; `onOutput` is called once, with the first output. */
  run(
    args: readonly string[],
    onOutput?: (child: { kill(signal: NodeJS.Signals): void }) => void,
  ): Promise<{ code: number | null; output: string }>
  /** What npm was called with; undefined when it was not called. */
  npmArguments(): Promise<unknown>
}

/** A project whose npm only notes that it was called. */
async function createProject({ installed }: { installed: object | undefined }): Promise<Project> {
  const dir = await mkdtemp(join(tmpdir(), 'cart-service-with-node-'))
  const write = async (path: string, text: string): Promise<string> => {
    await mkdir(dirname(join(dir, path)), { recursive: true })
    await writeFile(join(dir, path), text)
    return join(dir, path)
  }
  await cp(launchers, join(dir, 'bin'), { recursive: true })
  await write('package-lock.json', JSON.stringify({ packages: wanted }))
  if (installed !== undefined) {
    await write('node_modules/.package-lock.json', JSON.stringify({ packages: installed }))
  }
  await write(
    'npm.mjs',
    `import { writeFileSync } from 'node:fs'
     writeFileSync('called.json', JSON.stringify(process.argv.slice(2)))`,
  )
  for (const script of ['src/main.mjs', 'scripts/test.ts'])
    await write(script, "console.log('ran')")

  return {
    write,
    run: async (args, onOutput) => {
      const child = spawn(process.execPath, [join(dir, 'bin/with-node.mjs'), ...args], {
        env: { npm_execpath: join(dir, 'npm.mjs') },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let output = ''
      if (onOutput !== undefined) child.stdout.once('data', () => onOutput(child))
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
      }
      const [code] = (await once(child, 'close')) as [number | null]
      return { code, output }
    },
    npmArguments: async () => {
      const text = await readFile(join(dir, 'called.json'), 'utf8').catch(() => undefined)
      return text === undefined ? undefined : (JSON.parse(text) as unknown)
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  }
}
