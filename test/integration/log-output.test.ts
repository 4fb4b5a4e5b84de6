import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { converse, Tally } from '../attack/conversation.ts'
import { getRequest, times } from '../attack/requests.ts'
import { spawnService, type ServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

/** The process with a log that cannot be written. It needs nothing else: it stays up without Kafka. */

const SETTINGS = {
  DATABASE_URL: 'sqlite::memory:',
  KAFKA_BOOTSTRAP_SERVERS: 'localhost:1',
  SCHEMA_REGISTRY_URL: 'http://localhost:1',
  // A line for each request.
  LOG_LEVEL: 'debug',
}

/** More lines than a pipe and the bound of the queue hold: 64 KiB and 1 MiB. */
const REQUESTS = 8_000
const CONNECTIONS = 10
const PIPELINED = 10

const EXIT_MS_MAX = 5_000

/** A pipe of Linux holds so much that nobody reads. */
const PIPE_BYTES = 65_536

/** Says so in the turn in which it throws. */
const BUG_ON_SIGNAL =
  'data:text/javascript,import{writeSync}from"node:fs";process.on("SIGUSR2",()=>{' +
  'writeSync(2,"thrown");throw new Error("a bug")})'

async function startOn(
  t: TestContext,
  stdout: number,
  imports: readonly string[] = [],
): Promise<ServiceProcess> {
  const service = await spawnService(SETTINGS, { stdout, imports })
  t.after(() => service.end('SIGKILL'))
  return service
}

async function untilAlive(service: ServiceProcess): Promise<void> {
  await until(
    async () => (await fetch(`${service.url}/health/live`)).ok,
    () => `the service answers; it wrote:\n${service.output()}`,
  )
}

async function askOften(service: ServiceProcess): Promise<void> {
  const tally = new Tally()
  const requests = Array<string>(REQUESTS / CONNECTIONS).fill(getRequest('/health/live'))
  const port = Number(new URL(service.url).port)
  await Promise.all(
    times(CONNECTIONS, () => converse(port, requests, tally, { inFlight: PIPELINED })),
  )
  assert.equal(tally.count('200'), REQUESTS, tally.text)
}

/** How it ended, within a bound. */
async function endOf(service: ServiceProcess, end: Promise<unknown>): Promise<unknown> {
  const late = new AbortController()
  const isLate = delay(EXIT_MS_MAX, 'it runs on', { signal: late.signal }).catch(() => {})
  try {
    return await Promise.race([end, isLate])
  } finally {
    late.abort()
    await service.end('SIGKILL')
  }
}

/** A pipe of the operating system, whose two ends belong to this process. */
async function openPipe(t: TestContext): Promise<{ reader: number; writer: number }> {
  const path = join(await temporaryFolder(t), 'log')
  execFileSync('mkfifo', [path])
  // Without a writer opening it to read would wait.
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY)
  t.after(() => closeSync(writer))
  return { reader, writer }
}

/** The descriptor of a terminal that nobody reads: `script` has opened it, and is paused. */
async function openStoppedTerminal(t: TestContext): Promise<number> {
  const opener = spawn('script', ['--quiet', '--command', 'tty; exec sleep 60', '/dev/null'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.after(() => opener.kill('SIGKILL'))
  let said = ''
  opener.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await until(
    async () => /\/dev\/pts\/\d+\s/.test(said),
    () => `a terminal is opened: ${said}`,
  )
  opener.kill('SIGSTOP')
  const terminal = openSync(said.trim(), constants.O_WRONLY | constants.O_NOCTTY)
  t.after(() => closeSync(terminal))
  return terminal
}

/** Reads what is there, until nothing is. */
function readLines(reader: number): string[] {
  const chunks: string[] = []
  const buffer = Buffer.alloc(65_536)
  try {
    for (let length = 1; length > 0;) {
      length = readSync(reader, buffer)
      chunks.push(buffer.toString('utf8', 0, length))
    }
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN')
  }
  return chunks.join('').split('\n')
}

test('a full disk under the log stops neither the answers nor the end', async (t) => {
  const full = openSync('/dev/full', 'w')
  t.after(() => closeSync(full))
  const service = await startOn(t, full)
  await untilAlive(service)
  await askOften(service)
  assert.deepEqual(await endOf(service, service.end('SIGTERM')), { code: 0, signal: null })
})

test('a log that nobody reads stops neither the answers nor the end', async (t) => {
  const { reader, writer } = await openPipe(t)
  t.after(() => closeSync(reader))
  const service = await startOn(t, writer)
  await untilAlive(service)
  await askOften(service)
  assert.deepEqual(await endOf(service, service.end('SIGTERM')), { code: 0, signal: null })
})

test('a stopped terminal stops neither the answers nor the end', async (t) => {
  const service = await startOn(t, await openStoppedTerminal(t))
  await untilAlive(service)
  await askOften(service)
  // An exit would wait for the write that the kernel holds.
  const killed = { code: null, signal: 'SIGKILL' }
  assert.deepEqual(await endOf(service, service.end('SIGTERM')), killed)
})

test('lines that were dropped are told once the log is read again', async (t) => {
  const { reader, writer } = await openPipe(t)
  t.after(() => closeSync(reader))
  const service = await startOn(t, writer)
  await untilAlive(service)
  await askOften(service)
  const lines: string[] = []
  await until(
    async () => {
      lines.push(...readLines(reader))
      return lines.some((line) => line.includes('"droppedLines"'))
    },
    () => `the dropped lines are told, after ${lines.length} lines`,
  )
  assert.deepEqual(await endOf(service, service.end('SIGTERM')), { code: 0, signal: null })
  const last = readLines(reader).join('\n')
  assert.match(last, /"msg":"closed"/)
})

test('a reader of the log that has gone stops neither the answers nor the end', async (t) => {
  const { reader, writer } = await openPipe(t)
  const service = await startOn(t, writer)
  await untilAlive(service)
  closeSync(reader)
  await askOften(service)
  assert.deepEqual(await endOf(service, service.end('SIGTERM')), { code: 0, signal: null })
})

test('a bug ends the process, whatever the log does', async (t) => {
  const full = openSync('/dev/full', 'w')
  t.after(() => closeSync(full))
  const { reader, writer } = await openPipe(t)
  t.after(() => closeSync(reader))
  for (const stdout of [full, writer]) {
    const service = await startOn(t, stdout, [BUG_ON_SIGNAL])
    await untilAlive(service)
    service.signal('SIGUSR2')
    assert.deepEqual(await endOf(service, service.exited), { code: 1, signal: null })
  }
  assert.match(readLines(reader).join('\n'), /"level":60.*"msg":"a bug"/)
})

test('after a bug no request is answered, while the log is still waited for', async (t) => {
  const { reader, writer } = await openPipe(t)
  t.after(() => closeSync(reader))
  writeSync(writer, Buffer.alloc(PIPE_BYTES, '.'))
  const service = await startOn(t, writer, [BUG_ON_SIGNAL])
  await untilAlive(service)
  service.signal('SIGUSR2')
  await until(
    async () => service.output().includes('thrown'),
    () => `the bug shows; it wrote:\n${service.output()}`,
  )
  await assert.rejects(fetch(`${service.url}/health/live`), { message: 'fetch failed' })
  await endOf(service, service.exited)
})

test('a start that fails ends the process, whatever the log does', async (t) => {
  const full = openSync('/dev/full', 'w')
  t.after(() => closeSync(full))
  const taken = createServer()
  await new Promise<void>((resolve) => void taken.listen(0, '127.0.0.1', resolve))
  t.after(() => void taken.close())
  const address = taken.address()
  assert.ok(typeof address === 'object' && address !== null)
  const service = await spawnService(
    { ...SETTINGS, API_PORT: String(address.port) },
    { stdout: full },
  )
  assert.deepEqual(await endOf(service, service.exited), { code: 1, signal: null })
})
