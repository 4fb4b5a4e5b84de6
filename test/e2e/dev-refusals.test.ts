import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { spawnService } from '../support/service-process.ts'
import { devSurroundings, startDev } from './dev-process.ts'

suite('npm run dev refuses to start anything, with one sentence each and what to do', () => {
  test('when ports are taken by others: all of them at once', async () => {
    await using surroundings = await devSurroundings()
    const strangers = await Promise.all([listen(), listen(), listen()])
    const [kafka, registry, api] = strangers.map(portOf)
    try {
      await using run = startDev({
        ...surroundings.env,
        DEV_KAFKA_PORT: String(kafka),
        DEV_REGISTRY_PORT: String(registry),
        API_PORT: String(api),
      })
      assert.equal(await run.exited, 1)
      const output = run.output()
      assert.match(output, new RegExp(`^Port ${api} is taken, so the API .*API_PORT=\\d+ npm`, 'm'))
      assert.match(output, new RegExp(`^Port ${kafka} is taken .*set KAFKA_BOOTSTRAP_SERVERS`, 'm'))
      assert.match(output, new RegExp(`^Port ${registry} is taken .*set SCHEMA_REGISTRY_URL`, 'm'))
      assert.doesNotMatch(output, /Starting/)
    } finally {
      for (const stranger of strangers) stranger.close()
    }
  })

  test('when no Java is there: names the three ways', async () => {
    await using surroundings = await devSurroundings()
    const emptyFolder = await mkdtemp(join(tmpdir(), 'cart-service-path-'))
    try {
      await using run = startDev({ ...surroundings.env, PATH: emptyFolder, JAVA_HOME: '' })
      assert.equal(await run.exited, 1)
      const output = run.output()
      assert.match(output, /^Kafka and the schema registry cannot be started, because no Java/m)
      assert.match(output, /install a JDK, 17 or later, and Maven/)
      assert.match(output, /docker compose up/)
      assert.match(output, /set KAFKA_BOOTSTRAP_SERVERS and SCHEMA_REGISTRY_URL/)
    } finally {
      await rm(emptyFolder, { recursive: true })
    }
  })

  test('when a setting is wrong: names it, and writes nothing that a terminal obeys', async () => {
    await using surroundings = await devSurroundings()
    await using run = startDev({ ...surroundings.env, PUBLISH_TIMEOUT_MS: 'soon\u009b2J' })
    assert.equal(await run.exited, 1)
    assert.match(run.output(), /PUBLISH_TIMEOUT_MS.*soon\\u009b2J/)
    assert.ok(!run.output().includes('\u009b'))
  })

  test('and so does the service alone', async () => {
    const service = await spawnService({ PUBLISH_TIMEOUT_MS: 'soon\u009b2J' })
    assert.deepEqual(await service.exited, { code: 1, signal: null })
    assert.match(service.output(), /^- PUBLISH_TIMEOUT_MS.*soon\\u009b2J/m)
    assert.ok(!service.output().includes('\u009b'))
  })

  test('or is only asked for its options', async () => {
    await using surroundings = await devSurroundings()
    await using run = startDev(surroundings.env, ['--help'])
    assert.equal(await run.exited, 0)
    for (const option of ['--demo', '--quiet'])
      assert.match(run.output(), RegExp(`^  ${option} `, 'm'))
    assert.doesNotMatch(run.output(), /Starting/)
  })

  test('when an option is none of its own: says where they are', async () => {
    await using surroundings = await devSurroundings()
    await using run = startDev(surroundings.env, ['--dmeo'])
    assert.equal(await run.exited, 1)
    assert.match(run.output(), /'--dmeo'[^]*npm run dev -- --help/)
    assert.doesNotMatch(run.output(), /Starting/)
  })
})

/** Something that takes connections and hangs up. */
async function listen(): Promise<Server> {
  const server = createServer((socket) => socket.destroy())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
