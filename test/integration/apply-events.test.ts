import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { orderSchemaText } from '../../src/service/schema-registry/order-codec.ts'
import {
  deadLettersOf,
  readEffects,
  startApplyEvents,
  type ApplyEventsProcess,
} from '../support/apply-events-process.ts'
import { contentOf, CONTEXT, openLetter } from '../support/dead-letters.ts'
import { FakeRegistry } from '../support/fake-registry.ts'
import { infrastructure } from '../support/infrastructure.ts'
import {
  createPlanter,
  eventRecord,
  tombstoneRecord,
  withHeader,
  type PlantedRecord,
} from '../support/plant-records.ts'
import { readTopic } from '../support/read-topic.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** examples/typescript, run as its README says, on topics with planted repeats, gaps and garbage. */

function framed(schemaId: number, bytes: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeInt32BE(schemaId, 1)
  return Buffer.concat([head, bytes])
}

test('the TypeScript example applies events once and in order, and puts aside what it cannot use', async (t) => {
  const planter = createPlanter(t)
  const topic = await planter.createTopic()
  const schemaId = await planter.register(`${topic}-value`, orderSchemaText)
  const otherSchemaId = await planter.register(`${topic}-key`, '"string"')
  const database = `${await temporaryFolder(t)}/orders.db`
  const event = eventRecord.bind(undefined, schemaId)

  const first = event('A', 1)
  const second = event('A', 2, 'confirmed')
  const odd = event('X', 1)
  const oddValue = odd.value ?? Buffer.alloc(0)
  const missing = event('C', 2, 'confirmed')
  const expected: Array<[record: PlantedRecord, line: string]> = [
    [first, 'applied A version 1'],
    [first, 'dropped A version 1: repeated'],
    [second, 'applied A version 2'],
    [event('Größe 100%', 1), 'applied Größe 100% version 1'],
    [event('A', 3, 'shipped'), 'applied A version 3'],
    [second, 'dropped A version 2: repeated'],
    [event('A', 3, 'cancelled'), 'dead letter, VersionTaken'],
    // Version 2 of B comes late, as from another partition after partitions were added.
    [event('B', 1), 'applied B version 1'],
    [event('B', 3, 'shipped'), 'kept B version 3: GAP, version 2 is missing'],
    [event('B', 5, 'pending'), 'kept B version 5: GAP, version 2 is missing'],
    [event('B', 2, 'confirmed'), 'applied B version 2, 3'],
    [event('B', 4, 'delivered'), 'applied B version 4, 5'],
    // Version 2 of C does not come.
    [event('C', 1), 'applied C version 1'],
    [event('C', 3, 'shipped'), 'kept C version 3: GAP, version 2 is missing'],
    [event('C', 4, 'delivered'), 'kept C version 4: GAP, version 2 is missing'],
    [event('D', 2, 'confirmed'), 'kept D version 2: GAP, version 1 is missing'],
    [{ ...odd, value: null }, 'dead letter, InvalidFrame'],
    [event('E', 2, 'confirmed'), 'kept E version 2: GAP, version 1 is missing'],
    [tombstoneRecord('E'), 'forgot what waited of E: erased'],
    [{ ...odd, key: null, value: Buffer.from('{"orderId":"X"}') }, 'dead letter, InvalidFrame'],
    [{ ...odd, value: oddValue.subarray(0, 5) }, 'dead letter, InvalidFrame'],
    [{ ...odd, value: framed(2 ** 31 - 1, oddValue.subarray(5)) }, 'dead letter, UnknownSchema'],
    [{ ...odd, value: oddValue.subarray(0, -3) }, 'dead letter, InvalidValue'],
    [{ ...odd, value: Buffer.concat([oddValue, Buffer.of(0)]) }, 'dead letter, InvalidValue'],
    [{ ...odd, value: framed(otherSchemaId, Buffer.from('\x02X')) }, 'dead letter, InvalidValue'],
    [{ key: Buffer.from('X'), value: oddValue, headers: [] }, 'dead letter, InvalidHeaders'],
    [withHeader(odd, 'ce_id', null), 'dead letter, InvalidHeaders'],
    [withHeader(odd, 'ce_subject', null), 'dead letter, InvalidHeaders'],
    [withHeader(odd, 'ce_subject', Buffer.from([0xff])), 'dead letter, InvalidHeaders'],
    [withHeader(odd, 'ce_subject', '%58'), 'dead letter, InvalidValue'],
    [withHeader(odd, 'ce_subject', 'Y'), 'dead letter, InvalidValue'],
    [withHeader(odd, 'ce_sequence', 'one'), 'dead letter, InvalidHeaders'],
    [withHeader(odd, 'ce_sequence', '0000000000'), 'dead letter, InvalidHeaders'],
    [withHeader(odd, 'ce_sequence', '9'.repeat(400)), 'dead letter, InvalidHeaders'],
    // Headers that Kafka allows and few expect: two of one name, one without a value.
    [
      {
        ...withHeader(odd, 'ce_sequence', null),
        headers: ['1', null, '2'].map((text) => [
          Buffer.from('twice'),
          text === null ? null : Buffer.from(text),
        ]),
      },
      'dead letter, InvalidHeaders',
    ],
    [event('Z', 1), 'applied Z version 1'],
  ]
  await planter.plant(
    topic,
    expected.map(([record]) => record),
  )

  const example = startApplyEvents(t, { topic, database, group: topic })
  await example.printed(expected.length)
  assert.equal(await example.end('SIGTERM'), 0)
  const outcomes = example.lines.map((line) => line.replace(/(dead letter, \w+): .*$/, '$1'))
  const wanted = expected.map(([, line], offset) => `0:${offset} ${line}`)
  assert.deepEqual(outcomes, wanted)
  const effects = readEffects(database)
  assert.deepEqual(effects, {
    orders: [
      'A: 3, shipped',
      'B: 5, pending',
      'C: 1, pending',
      'Größe 100%: 1, pending',
      'Z: 1, pending',
    ],
    counts: { confirmed: 2, delivered: 1, pending: 6, shipped: 2 },
  })

  const letters = await readTopic(infrastructure().kafkaBootstrapServers, deadLettersOf(topic))
  assert.deepEqual(
    letters.map(openLetter),
    expected.flatMap(([record, line], offset) => {
      const name = /^dead letter, (\w+)/.exec(line)?.[1]
      if (name === undefined) return []
      return [{ original: contentOf(record), reason: [topic, '0', String(offset), topic, name] }]
    }),
  )
  const reasons = letters.map(({ headers }) => headers['__connect.errors.exception.message'])
  assert.ok(reasons.every((reason) => reason !== undefined && reason !== ''))

  await t.test('read from the beginning by another group, nothing is applied again', async () => {
    const again = startApplyEvents(t, { topic, database, group: `${topic}-again` })
    await again.printed(expected.length)
    assert.equal(await again.end('SIGTERM'), 0)
    assert.ok(again.lines.every((line) => !line.includes(' applied ')))
    assert.deepEqual(readEffects(database), effects)
  })

  await t.test('gaps are gone over when it is told so, and only then', async () => {
    await planter.plant(topic, [missing, missing, event('C', 5, 'cancelled')])
    const flags = ['--accept-gaps']
    const accepting = startApplyEvents(t, { topic, database, group: topic, flags })
    await accepting.printed(5)
    assert.equal(await accepting.end('SIGTERM'), 0)
    assert.deepEqual(accepting.lines, [
      'accepted C without versions 2 to 2',
      'accepted D without versions 1 to 1',
      `0:${expected.length} dropped C version 2: its gap was accepted`,
      `0:${expected.length + 1} dropped C version 2: repeated`,
      `0:${expected.length + 2} applied C version 5`,
    ])
    // Of what was applied before, B with its gap that filled, nothing is applied again.
    assert.deepEqual(readEffects(database), {
      orders: [
        'A: 3, shipped',
        'B: 5, pending',
        'C: 5, cancelled',
        'D: 2, confirmed',
        'Größe 100%: 1, pending',
        'Z: 1, pending',
      ],
      counts: { cancelled: 1, confirmed: 3, delivered: 2, pending: 6, shipped: 3 },
    })
  })
})

test('the TypeScript example blames no event for its registry, and takes a dead letter back', async (t) => {
  const planter = createPlanter(t)
  const topic = await planter.createTopic()
  const database = `${await temporaryFolder(t)}/orders.db`
  const deadLetters = deadLettersOf(topic)
  await using registry = await FakeRegistry.start()
  const answer = (status: number, body: string, times: number): void =>
    registry.interfere({ kind: 'answer', status, body }, times, /\/schemas\/ids\/7$/)
  answer(503, '{"error_code":50001,"message":"away"}', 1)
  answer(404, '{"message":"a proxy that knows no such page"}', 1)
  answer(404, '{"error_code":40403,"message":"Schema not found"}', 1)
  answer(200, JSON.stringify({ schema: orderSchemaText }), 1)
  answer(404, '{"error_code":40403,"message":"Schema not found"}', 1)
  answer(200, JSON.stringify({ schema: orderSchemaText }), 1)
  const run = (group: string, from: string, to: string): ApplyEventsProcess =>
    startApplyEvents(t, {
      topic: from,
      deadLetterTopic: to,
      database,
      group,
      registryUrl: registry.url,
    })
  const unlucky = eventRecord(7, 'A', 1)
  await planter.plant(topic, [unlucky, eventRecord(7, 'A', 2, 'confirmed')])

  for (const failure of ['503', '404']) {
    const failing = run(topic, topic, deadLetters)
    assert.equal(await failing.exited, 1, `${failure}: ${failing.lines.join('\n')}`)
    assert.deepEqual(failing.lines, [])
  }
  assert.deepEqual(await readTopic(infrastructure().kafkaBootstrapServers, deadLetters), [])

  const working = run(topic, topic, deadLetters)
  await working.printed(2)
  assert.equal(await working.end('SIGTERM'), 0)
  assert.match(working.lines[0] ?? '', /^0:0 dead letter, UnknownSchema/)
  assert.equal(working.lines[1], '0:1 kept A version 2: GAP, version 1 is missing')

  // Each program asks once for a schema that it got. The first replay gets none.
  const again = `${deadLetters}.again`
  const vain = run(randomUUID(), deadLetters, again)
  await vain.printed(1)
  assert.equal(await vain.end('SIGTERM'), 0)
  assert.match(vain.lines[0] ?? '', /^0:0 dead letter, UnknownSchema/)
  const [letter] = await readTopic(infrastructure().kafkaBootstrapServers, again)
  assert.ok(letter !== undefined)
  assert.deepEqual(openLetter(letter), {
    original: contentOf(unlucky),
    reason: [topic, '0', '0', topic, 'UnknownSchema'],
  })
  const context = letter.record.headers.filter(([name]) => String(name).startsWith(CONTEXT))
  assert.equal(context.length, 6, 'it tells once where it was first')

  const replay = run(randomUUID(), again, `${again}.again`)
  await replay.printed(1)
  assert.equal(await replay.end('SIGTERM'), 0)
  assert.deepEqual(replay.lines, ['0:0 applied A version 1, 2'])
  assert.deepEqual(readEffects(database).orders, ['A: 2, confirmed'])
})
