import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { runCart, startCart } from '../support/cart-command.ts'
import { FakeRegistry } from '../support/fake-registry.ts'
import { infrastructure } from '../support/infrastructure.ts'
import { startTestBroker } from '../support/kafka-broker.ts'
import { makeTopic, plantRecords } from '../support/raw-records.ts'
import { startService } from '../support/service-process.ts'
import { until } from '../support/until.ts'

interface Line {
  readonly key: string | null
  readonly partition: number
  readonly offset: number
  readonly headers: Readonly<Record<string, string>>
  readonly schemaId?: number
  readonly value?: { readonly status: string }
  readonly problem?: { readonly reason: string; readonly hexPrefix: string }
}

function linesOf(stdout: string): Line[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}

function freshSettings() {
  return {
    KAFKA_BOOTSTRAP_SERVERS: infrastructure().kafkaBootstrapServers,
    SCHEMA_REGISTRY_URL: infrastructure().schemaRegistryUrl,
    KAFKA_TOPIC: `listen-${randomUUID()}`,
    DATABASE_URL: 'sqlite::memory:',
  }
}

/** Before the registry's time-out; long enough for a busy machine. */
function silenceIsOver(): Promise<string> {
  return setTimeout(25_000, 'still waiting for the registry', { ref: false })
}

suite('cart listen', () => {
  test('shows orders as the registry reads them, and what is no order as such', async (t) => {
    const settings = freshSettings()
    const service = await startService(settings)
    t.after(() => service.end('SIGKILL'))
    const address = { ...settings, API_HOST: '127.0.0.1', API_PORT: new URL(service.url).port }
    for (const args of [
      ['create', 'ORD-1', '--items', '2'],
      ['create', 'ORD-2'],
      ['update', 'ORD-1', 'shipped'],
    ]) {
      const { code, stderr } = await runCart(args, address)
      assert.equal(code, 0, stderr)
    }
    const { KAFKA_BOOTSTRAP_SERVERS: servers, KAFKA_TOPIC: topic } = settings
    await plantRecords(servers, topic, [
      { key: Buffer.from('text'), value: Buffer.from('hello') },
      { key: Buffer.from('id'), value: Buffer.from('007fffffff00', 'hex') },
      { value: Buffer.alloc(0) },
      { key: Buffer.from('tombstone') },
    ])

    const all = await runCart(['listen', '--from-beginning', '--exit-at-end', '--json'], settings)
    assert.equal(all.code, 0, all.stderr)
    const lines = linesOf(all.stdout)
    const problems = lines.filter(({ problem }) => problem !== undefined)
    const orders = lines.filter(({ problem }) => problem === undefined)
    assert.deepEqual(
      orders.filter(({ key }) => key === 'ORD-1').map(({ value }) => value?.status),
      ['pending', 'shipped'],
    )
    assert.equal(orders.length, 3)
    for (const { headers, schemaId } of orders) {
      assert.match(headers['ce_type'] ?? '', /^com\.ecommerce\.order\./)
      assert.ok(Number.isInteger(schemaId))
    }
    assert.deepEqual(problems.map(({ key }) => key ?? '(none)').toSorted(), [
      '(none)',
      'id',
      'text',
      'tombstone',
    ])
    const text = problems.find(({ key }) => key === 'text')
    assert.equal(text?.problem?.hexPrefix, Buffer.from('hello').toString('hex'))
    const id = problems.find(({ key }) => key === 'id')
    assert.equal(id?.problem?.reason, 'the registry has no schema 2147483647')

    const shown = async (...options: string[]): Promise<Line[]> => {
      const args = ['listen', '--from-beginning', '--exit-at-end', '--json', ...options]
      return linesOf((await runCart(args, settings)).stdout)
    }
    assert.equal((await shown('--order', 'ORD-1')).length, 2)
    assert.equal((await shown('--type', 'created')).length, 2)
    assert.equal((await shown('--status', 'shipped', '--order', 'ORD-1')).length, 1)
    assert.equal((await shown('--limit', '1')).length, 1)
    const human = await runCart(['listen', '--since', '1h', '--exit-at-end'], settings)
    assert.match(human.stdout, /^\S+Z {2}ORD-1 +v2 {2}status-changed {2}shipped +\S+ [A-Z]{3} {2}/m)
    assert.match(human.stdout, /^\S+Z {2}text +cannot be decoded +\d@\d+ +not in the wire format/m)
    assert.ok(!human.stdout.includes('\u001B'))
  })

  test('reads Avro keys, and ends at once while a registry is silent', async (t) => {
    const settings = { ...freshSettings(), KAFKA_KEY_FORMAT: 'avro' }
    const service = await startService(settings)
    t.after(() => service.end('SIGKILL'))
    const created = await runCart(['create', 'ORD-1', '--url', service.url], settings)
    assert.equal(created.code, 0, created.stderr)
    const args = ['listen', '--from-beginning', '--json']
    const { stdout } = await runCart([...args, '--exit-at-end'], settings)
    assert.deepEqual(
      linesOf(stdout).map(({ key }) => key),
      ['ORD-1'],
    )

    await using registry = await FakeRegistry.start()
    registry.interfere({ kind: 'silence' })
    const asked = once(registry.arrivals, 'request')
    await using cart = startCart(args, {
      ...settings,
      SCHEMA_REGISTRY_URL: registry.url,
      SCHEMA_REGISTRY_TIMEOUT_MS: '60000',
    })
    await asked
    cart.signal('SIGINT')
    assert.equal(await Promise.race([cart.exited, silenceIsOver()]), 0)
  })

  test('goes on over a kill of the broker, leaves nothing out and repeats nothing', async (t) => {
    const broker = await startTestBroker()
    t.after(() => broker.close())
    const topic = `listen-${randomUUID()}`
    await makeTopic(broker.bootstrapServers, topic, 2)
    const plant = (from: number, count: number): Promise<void> =>
      plantRecords(
        broker.bootstrapServers,
        topic,
        Array.from({ length: count }, (_, index) => ({
          value: Buffer.from(`v${from + index}`),
          partition: (from + index) % 2,
        })),
      )
    await using cart = startCart(['listen', '--from-beginning', '--json'], {
      KAFKA_BOOTSTRAP_SERVERS: broker.bootstrapServers,
      KAFKA_TOPIC: topic,
    })
    await plant(0, 20)
    await cart.untilLines(20)
    await broker.kill()
    await until(() => cart.stderr().includes('cannot be read'), 'the loss is told')
    await broker.start()
    await plant(20, 20)
    await cart.untilLines(40)
    await until(() => cart.stderr().includes('can be read again'), 'the return is told')
    cart.signal('SIGINT')
    assert.equal(await cart.exited, 0)
    const places = linesOf(cart.lines.join('\n')).map(({ partition, offset }) => [
      partition,
      offset,
    ])
    for (const partition of [0, 1]) {
      assert.deepEqual(
        places.filter(([where]) => where === partition).map(([, offset]) => offset),
        Array.from({ length: 20 }, (_, offset) => offset),
      )
    }
  })

  test('ends well when somebody ends it, and when its reader has gone', async () => {
    const settings = freshSettings()
    const { KAFKA_BOOTSTRAP_SERVERS: servers, KAFKA_TOPIC: topic } = settings
    await makeTopic(servers, topic, 3)
    await plantRecords(servers, topic, [{ value: Buffer.from('a') }])
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      await using cart = startCart(['listen', '--from-beginning'], settings)
      await cart.untilLines(1)
      cart.signal(name)
      assert.equal(await cart.exited, 0, cart.stderr())
    }
    await using cart = startCart(['listen', '--from-beginning'], settings)
    await cart.untilLines(1)
    cart.closeOutput()
    await plantRecords(servers, topic, [{ value: Buffer.from('b') }])
    assert.equal(await cart.exited, 0, cart.stderr())
    assert.equal(cart.stderr(), '')
  })

  test('cannot be done where there is no topic or no broker', async () => {
    const settings = freshSettings()
    const missing = await runCart(['listen'], settings)
    assert.equal(missing.code, 2)
    assert.match(missing.stderr, /^topic \S+ does not exist\n$/)
    const away = await runCart(['listen'], { ...settings, KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1' })
    assert.equal(away.code, 2)
    assert.match(away.stderr, /^127\.0\.0\.1:1: .*ECONNREFUSED/)
  })
})
