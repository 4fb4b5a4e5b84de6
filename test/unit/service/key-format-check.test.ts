import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { isFramed } from '../../../src/service/kafka/framed-keys.ts'
import {
  askForKeySubject,
  KeyFormatCheck,
  type FramedKeyQuestion,
} from '../../../src/service/key-format-check.ts'
import { createRegistryClient } from '../../../src/service/schema-registry/client.ts'
import {
  encodeAvroKey,
  encodeKey,
  keySchemaText,
} from '../../../src/service/schema-registry/order-codec.ts'
import { systemClock } from '../../../src/service/system.ts'
import { FakeRegistry } from '../../support/fake-registry.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function startCheck(...questions: FramedKeyQuestion[]) {
  const found: string[] = []
  const givenUp: string[] = []
  const clock = new ManualClock()
  const onFound = (evidence: string): void => void found.push(evidence)
  const onGivenUp = (reason: string): void => void givenUp.push(reason)
  const check = new KeyFormatCheck({ questions, clock, onFound, onGivenUp })
  check.start()
  return { check, clock, found, givenUp }
}

test('says once that others use framed keys, however many signs there are', async () => {
  const { check, found } = startCheck(
    async () => 'the one',
    async () => 'the other',
  )
  await setImmediate()
  await check.close()
  assert.deepEqual(found, ['the one'])
})

test('says nothing where nothing shows it', async () => {
  const { check, found } = startCheck(async () => undefined)
  await setImmediate()
  await check.close()
  assert.deepEqual(found, [])
})

test('asks again while there is no answer, and stops after a while', async () => {
  let asked = 0
  const { check, clock, found } = startCheck(async () => {
    asked += 1
    if (asked < 3) throw new Error('away')
    return 'seen'
  })
  await clock.runUntil(() => found.length > 0, 5_000, 10)
  assert.equal(asked, 3)
  await check.close()

  let inVain = 0
  const silent = startCheck(async () => {
    inVain += 1
    throw new Error('away')
  })
  await silent.clock.runUntil(() => inVain === 60, 5_000, 100)
  await silent.clock.runUntil(() => silent.clock.monotonicMs() > 400_000, 5_000, 100)
  assert.equal(inVain, 60)
  assert.deepEqual(silent.givenUp, ['away'])
  await silent.check.close()
})

test('a close ends the waits, and nothing is said afterwards', async () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const { check, found, givenUp } = startCheck(
    () => promise,
    async () => {
      throw new Error('away')
    },
  )
  const closed = check.close()
  resolve('too late')
  await closed
  assert.deepEqual([found, givenUp], [[], []])
})

test('the subject of keys is a sign where it has a version', async (t) => {
  await using registry = await FakeRegistry.start()
  const client = createRegistryClient({
    baseUrl: registry.url,
    timeoutMs: 5_000,
    clock: systemClock,
  })
  t.after(() => client.close())
  const { signal } = new AbortController()
  assert.equal(await askForKeySubject(client, 'orders')(signal), undefined)
  registry.add('orders-key', keySchemaText)
  assert.match((await askForKeySubject(client, 'orders')(signal)) ?? '', /^subject orders-key is/)
})

test('a framed key is known by its first byte', () => {
  assert.equal(isFramed(encodeAvroKey('ORD-1', 7)), true)
  assert.equal(isFramed(encodeKey('ORD-1')), false)
  assert.equal(isFramed(encodeKey('0')), false)
  assert.equal(isFramed(null), false)
})
