import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeTraffic } from '../../../../src/cli/demo/demo.ts'
import { DemoOrders, type DemoStep } from '../../../../src/cli/demo/demo-orders.ts'
import { TrafficCount } from '../../../../src/cli/demo/demo-traffic.ts'
import type { ChangeResult } from '../../../../src/cli/send-change.ts'

const done = { kind: 'done', httpStatus: 200 } as ChangeResult
const lost = { kind: 'no-answer', outcome: 'unknown', reason: 'x' } as const
const never = { kind: 'no-answer', outcome: 'not-applied', reason: 'x' } as const

function refused(code: string): ChangeResult {
  const detail = { httpStatus: 409, detail: 'x', retryAfterSeconds: undefined }
  return { kind: 'refused', outcome: 'not-applied', code, ...detail }
}

function take(orders: DemoOrders): DemoStep {
  const step = orders.next()
  assert.ok(step)
  return step
}

test('an order is created, confirmed, shipped and delivered, and then it is done', () => {
  // Never cancelled, never a new order while one waits.
  const orders = new DemoOrders('D', 1, () => 0.99)
  const bodies: unknown[] = []
  while (!orders.isDone) {
    const step = take(orders)
    bodies.push(step.change.body)
    orders.settle(step, done)
  }
  assert.deepEqual(bodies, [
    { orderId: 'D-0001', numItems: 5 },
    { orderId: 'D-0001', status: 'confirmed' },
    { orderId: 'D-0001', status: 'shipped' },
    { orderId: 'D-0001', status: 'delivered' },
  ])
})

test('an order may be cancelled before it is shipped', () => {
  const orders = new DemoOrders('D', 1, () => 0)
  orders.settle(take(orders), done)
  const step = take(orders)
  assert.equal(step.status, 'cancelled')
  orders.settle(step, done)
  assert.ok(orders.isDone)
})

test('an order has one change in flight at a time', () => {
  const orders = new DemoOrders('D', 1, () => 0.99)
  const step = take(orders)
  assert.equal(orders.next(), undefined)
  assert.ok(!orders.isDone)
  orders.settle(step, done)
  assert.ok(orders.next())
})

test('what was not acknowledged is sent again, the same with the same key', () => {
  for (const result of [lost, never, refused('CHANGE_IN_FLIGHT')]) {
    const orders = new DemoOrders('D', 1, () => 0.99)
    const step = take(orders)
    orders.settle(step, result)
    assert.deepEqual(take(orders).change, step.change)
    assert.match(step.change.idempotencyKey, /^[\da-f-]{36}$/)
  }
})

test('an order whose change is refused for good is given up', () => {
  const orders = new DemoOrders('D', 1, () => 0.99)
  orders.settle(take(orders), refused('ORDER_ALREADY_EXISTS'))
  assert.ok(orders.isDone)
})

test('the summary counts every kind of answer, and measures only acknowledgements', () => {
  const count = new TrafficCount()
  for (const [result, tookMs] of [
    [done, 2],
    [done, 4],
    [lost, 15_000],
    [refused('CHANGE_IN_FLIGHT'), 9_000],
  ] as const) {
    count.countSent()
    count.count(result, tookMs)
  }
  count.heldBack = 3
  const report = count.report()
  assert.equal(report.sent, 4)
  assert.equal(report.acknowledged, 2)
  assert.deepEqual(report.answers, { '200': 2, '409 CHANGE_IN_FLIGHT': 1, 'no answer unknown': 1 })
  assert.deepEqual(report.ackTimes, { count: 2, p50Ms: 2, p95Ms: 4, p99Ms: 4, maxMs: 4 })
  const text = describeTraffic(report).join('\n')
  assert.match(text, /^4 changes sent in [\d.]+ s, 2 acknowledged\n/)
  assert.match(text, /acknowledged within: p50 2 ms, p95 4 ms, p99 4 ms, max 4 ms\n3 were due/)
})
