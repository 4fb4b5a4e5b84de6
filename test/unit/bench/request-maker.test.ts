import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RequestMaker, type Kind } from '../../../bench/orders/request-maker.ts'

const HUNDRED = 100

function createMaker(kind: Kind): RequestMaker {
  let created = 0
  const nextId = (): string => `id-${(created += 1)}`
  return new RequestMaker({ kind, items: 3, hasRandomIds: false }, 'one', nextId)
}

function makeHundred(kind: Kind): readonly string[] {
  const maker = createMaker(kind)
  return Array.from({ length: HUNDRED }, () => maker.next())
}

function keyOf(request: string): string | undefined {
  return /idempotency-key: (\S+)/.exec(request)?.[1]
}

function idOf(request: string): string | undefined {
  return /"orderId":"([^"]+)"/.exec(request)?.[1]
}

test('a mix is in ten requests five creates, four updates and one that is sent again', () => {
  const requests = makeHundred('mix')
  const once = [...new Set(requests)]
  const creates = once.filter((request) => request.startsWith('POST'))
  const updates = once.filter((request) => request.startsWith('PUT'))
  assert.equal(once.length, 90)
  assert.deepEqual(
    creates.map(idOf),
    Array.from({ length: 50 }, (_, index) => `id-${index + 1}`),
  )
  assert.equal(updates.length, 40)
  assert.equal(creates.filter((request) => keyOf(request) !== undefined).length, 30)
  assert.equal(updates.filter((request) => keyOf(request) !== undefined).length, 20)
  assert.equal(new Set(once.map(keyOf)).size, 51)
})

test('updates concern the orders that were prepared, and change their status each time', () => {
  const maker = createMaker('update')
  const prepared = new Set(maker.preparation().map(idOf))
  const requests = Array.from({ length: HUNDRED }, () => maker.next())
  assert.deepEqual(new Set(requests.map(idOf)), prepared)
  const ofOne = requests.filter((request) => idOf(request) === idOf(requests[0] ?? ''))
  const repeated = ofOne.filter((request, index) => request === ofOne[index - 1])
  assert.deepEqual(repeated, [])
})
