import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { OrderEvent } from '../../../../src/models/order-event.ts'
import type { OrderId } from '../../../../src/models/order.ts'
import {
  eventHeaders,
  headerRulesOf,
  readEventId,
} from '../../../../src/service/kafka/event-headers.ts'
import { someEvent } from '../../../support/some-event.ts'

function headersOf(event: OrderEvent): Record<string, string> {
  return Object.fromEntries(
    [...eventHeaders(event)].map(([name, value]) => [String(name), String(value)]),
  )
}

test('an event carries the CloudEvents attributes of its kind', () => {
  const event = someEvent({ version: 12, type: 'order-status-changed' })
  assert.deepEqual(headersOf(event), {
    ce_specversion: '1.0',
    ce_id: event.eventId,
    ce_source: '/cart-service',
    ce_type: 'com.ecommerce.order.status-changed',
    ce_time: event.time,
    ce_subject: event.order.orderId,
    ce_sequence: '0000000012',
    'content-type': 'application/avro',
  })
  assert.equal(headersOf(someEvent({}))['ce_type'], 'com.ecommerce.order.created')
})

test('traceparent is there when the request carried one', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  assert.equal(headersOf(someEvent({ traceparent }))['traceparent'], traceparent)
})

test('whose change it was is there when callers are asked who they are', () => {
  const { ce_authtype, ce_authid } = headersOf(someEvent({ principal: 'user:https://idp:443/ä' }))
  assert.deepEqual([ce_authtype, ce_authid], ['user', 'https://idp:443/ä'])
  assert.ok(!Object.keys(headersOf(someEvent({}))).some((name) => name.startsWith('ce_auth')))
})

function subjectOf(orderId: string): string | undefined {
  return headersOf(someEvent({ orderId: orderId as OrderId }))['ce_subject']
}

test('the subject is the order id as it is, in UTF-8', () => {
  for (const orderId of ['A-1_~!/?#', '50% "off" €', 'two words', '%41', '😀']) {
    assert.equal(subjectOf(orderId), orderId)
  }
})

test('the event id is read back from the headers, and only from them', () => {
  const event = someEvent({})
  assert.equal(readEventId([...eventHeaders(event)]), event.eventId)
  assert.equal(readEventId([[Buffer.from('other'), Buffer.from('x')]]), undefined)
  assert.equal(readEventId([[Buffer.from('ce_id'), null]]), undefined)
})

test('the reference of events has every header in its order, and what it is', () => {
  const page = readFileSync(
    new URL('../../../../docs/reference/events.md', import.meta.url),
    'utf8',
  )
  const section = page.slice(page.indexOf('## Headers'), page.indexOf('## Value'))
  const rows = [...section.matchAll(/^\| `([\w-]+)` +\| (.*?) +\|$/gm)]
  const rules = headerRulesOf('order-created')
  assert.deepEqual(
    rows.map(([, name]) => name),
    rules.map(({ name }) => name),
  )
  for (const [index, [, name, text = '']] of rows.entries()) {
    const { description, schema } = rules[index] ?? assert.fail()
    const said = schema.const ?? description
    assert.ok(text.includes(said), `${name}: ${text}`)
  }
})
