import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startSupervised } from '../../dev-services/supervised-process.ts'
import { areGone } from './dev-process.ts'

const run = promisify(execFile)
const modulePath = fileURLToPath(
  new URL('../../dev-services/supervised-process.ts', import.meta.url),
)
const stubborn = "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)"

suite('a supervised process', () => {
  test('is killed when it does not follow SIGTERM in time', async () => {
    const output = Promise.withResolvers<string>()
    const child = await startSupervised({
      command: process.execPath,
      args: ['-e', stubborn],
      output: output.resolve,
      killAfterMs: 100,
    })
    await output.promise
    assert.deepEqual(await child.stop(), { code: null, signal: 'SIGKILL' })
    assert.deepEqual(await child.stop(), { code: null, signal: 'SIGKILL' }, 'again is harmless')
  })

  test('reports how it ended by itself', async () => {
    const child = await startSupervised({
      command: process.execPath,
      args: ['-e', 'process.exit(3)'],
      output: 'inherit',
      killAfterMs: 100,
    })
    assert.deepEqual(await child.exited, { code: 3, signal: null })
  })

  test('that cannot be run is an error which names it', async () => {
    const start = startSupervised({
      command: '/no/such/command',
      args: [],
      output: 'inherit',
      killAfterMs: 100,
    })
    await assert.rejects(start, /\/no\/such\/command cannot be run: .*ENOENT/)
  })

  test('does not outlive its supervisor', async () => {
    const child = await startSupervised({
      command: process.execPath,
      args: ['-e', stubborn],
      output: 'inherit',
      killAfterMs: 100,
    })
    const { stdout } = await run('ps', ['-o', 'ppid=', '-p', String(child.pid)])
    process.kill(Number(stdout), 'SIGKILL')
    await child.exited
    assert.ok(await areGone([{ pid: child.pid, ppid: 0, command: '' }]))
  })

  test('does not outlive a parent that is killed, even when it ignores SIGTERM', async () => {
    const parent = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `import { startSupervised } from ${JSON.stringify(modulePath)}
       const up = Promise.withResolvers()
       const child = await startSupervised({
         command: process.execPath,
         args: ['-e', ${JSON.stringify(stubborn)}],
         output: up.resolve,
         killAfterMs: 100,
       })
       await up.promise
       console.log(child.pid)`,
    ])
    const [pid] = (await once(parent.stdout.setEncoding('utf8'), 'data')) as [string]
    parent.kill('SIGKILL')
    assert.ok(await areGone([{ pid: Number(pid), ppid: 0, command: '' }]))
  })
})
