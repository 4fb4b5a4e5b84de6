import avro from 'avsc'
import assert from 'node:assert/strict'
import process from 'node:process'
import { suite, test } from 'node:test'
import { infrastructure } from '../support/infrastructure.ts'
import { readTopic } from '../support/read-topic.ts'
import { until } from '../support/until.ts'
import { areGone, devSurroundings, runPrinted, startDev } from './dev-process.ts'

interface Answer {
  readonly success: boolean
  readonly data: { readonly orderId: string; readonly items: readonly unknown[] }
}

const topic = 'order-events'

suite('npm run dev', () => {
  test('starts all, stops all on Ctrl-C, and shows the old orders and events the next time', async () => {
    await using surroundings = await devSurroundings()
    const { env } = surroundings
    await using first = startDev(env)
    await first.waitFor('CartService is ready.')
    const firstOutput = first.output()
    assert.match(firstOutput, /Starting Kafka on port \d+\nStarting the schema registry on port/)
    assert.match(firstOutput, /Kafka +localhost:\d+, topic order-events, 3 partitions/)
    assert.match(firstOutput, /started, because KAFKA_BOOTSTRAP_SERVERS is not set and nothing/)
    assert.match(firstOutput, /subject order-events-value, schema id \d+/)
    // A line that the how-to on schemas promises.
    assert.match(firstOutput, / INFO +the Schema Registry agreed to the schema /)
    const created = (await runPrinted(firstOutput, 'Create')) as Answer
    assert.equal(created.success, true)
    const { orderId } = created.data
    await first.waitFor(`${orderId}    v1  created`)
    assert.equal((await fetch(`${surroundings.apiUrl}/docs`)).status, 200)

    const started = await first.listProcesses()
    assert.equal(started.filter(({ command }) => command.includes('java')).length, 4)
    first.pressCtrlC()
    assert.equal(await first.exited, 0)
    assert.ok(await areGone(started), first.output())

    await using second = startDev(env)
    await second.waitFor('CartService is ready.')
    // The old order's id is in the old command.
    const updated = (await runPrinted(firstOutput, 'Update')) as Answer
    assert.deepEqual(updated.data, { ...created.data, status: 'confirmed' })
    assert.deepEqual(await decodeTopic(env), [created.data, updated.data])

    const restarted = await second.listProcesses()
    const dev = restarted.find(({ command }) => command.includes('dev-services/dev.ts'))
    assert.ok(dev)
    process.kill(dev.pid, 'SIGKILL')
    await second.exited
    assert.ok(await areGone(restarted), 'killed, it leaves nothing behind either')
  })

  test('uses what already runs, leaves it alone, and stops when the service dies', async () => {
    const { kafkaBootstrapServers, schemaRegistryUrl } = infrastructure()
    await using surroundings = await devSurroundings()
    await using run = startDev({
      ...surroundings.env,
      KAFKA_TOPIC: `dev-found-${process.pid}`,
      DEV_KAFKA_PORT: String(kafkaBootstrapServers.split(':')[1]),
      DEV_REGISTRY_PORT: new URL(schemaRegistryUrl).port,
    })
    // Before all of the summary is known.
    const created = await createFirstOrder(surroundings.apiUrl)
    await run.waitFor('CartService is ready.')
    await run.waitFor(`${created}  `)
    assert.match(run.output(), /found running while KAFKA_BOOTSTRAP_SERVERS is not set/)
    assert.match(run.output(), /found running while SCHEMA_REGISTRY_URL is not set/)
    // It asks nobody who they are, so nobody else is to reach it. Whoever listens everywhere answers here.
    const elsewhere = surroundings.apiUrl.replace('localhost', '127.0.0.2')
    await assert.rejects(fetch(`${elsewhere}/health/live`), { message: 'fetch failed' })
    const processes = await run.listProcesses()
    assert.ok(processes.every(({ command }) => !command.includes('java')))

    const service = processes.findLast(({ command }) => command.includes('src/main.mjs'))
    assert.ok(service)
    process.kill(service.pid, 'SIGKILL')
    assert.equal(await run.exited, 1)
    assert.match(run.output(), /The service ended by SIGKILL, so everything is stopped\./)
    assert.ok(await areGone(processes))
    assert.equal((await fetch(`${schemaRegistryUrl}/subjects`)).status, 200)
  })

  test('does not touch what is configured, and sends orders when it is asked to', async () => {
    const { kafkaBootstrapServers, schemaRegistryUrl } = infrastructure()
    await using surroundings = await devSurroundings()
    await using run = startDev(
      {
        ...surroundings.env,
        KAFKA_TOPIC: `dev-configured-${process.pid}`,
        KAFKA_BOOTSTRAP_SERVERS: kafkaBootstrapServers,
        SCHEMA_REGISTRY_URL: schemaRegistryUrl,
      },
      ['--demo'],
    )
    await run.waitFor('CartService is ready.')
    await run.waitFor('  status-changed  ')
    assert.match(run.output(), /DEMO-\w+-0001 +v1  created +pending +[\d.]+ [A-Z]{3}  \d@\d+\n/)
    assert.match(run.output(), /KAFKA_BOOTSTRAP_SERVERS is set\n/)
    assert.match(run.output(), /SCHEMA_REGISTRY_URL is set\n/)
    run.pressCtrlC()
    assert.equal(await run.exited, 0)
    assert.equal((await fetch(`${schemaRegistryUrl}/subjects`)).status, 200)
  })
})

/** At the first moment at which the service takes it. Resolves with its id. */
async function createFirstOrder(apiUrl: string): Promise<string> {
  const orderId = 'FIRST-ORDER'
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ orderId, numItems: 1 }),
  }
  const isTaken = (): Promise<boolean> =>
    fetch(`${apiUrl}/api/create-order`, request).then(
      ({ ok }) => ok,
      () => false,
    )
  await until(isTaken, () => 'the first order is created')
  return orderId
}

/** All orders on the topic, oldest first, decoded as a stranger does it: by the registry's schema. */
async function decodeTopic(env: Readonly<Record<string, string>>): Promise<readonly unknown[]> {
  const records = await readTopic(`localhost:${env['DEV_KAFKA_PORT']}`, topic)
  return Promise.all(
    records.map(async ({ value }) => {
      const id = value.readInt32BE(1)
      const url = `http://localhost:${env['DEV_REGISTRY_PORT']}/schemas/ids/${id}`
      const { schema } = (await (await fetch(url)).json()) as { schema: string }
      const type = avro.Type.forSchema(JSON.parse(schema) as avro.Schema)
      return JSON.parse(JSON.stringify(type.fromBuffer(value.subarray(5)))) as unknown
    }),
  )
}
