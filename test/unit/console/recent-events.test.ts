import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecentEvents } from '../../../src/console/recent-events.ts'

function setUp() {
  const told: string[] = []
  const events = createRecentEvents<string>({
    onRecent: (recent) => told.push(`recent: ${recent.join(' ')}`),
    onEvent: (event) => told.push(event),
  })
  return { told, events }
}

test('the last events come together, and what follows is news', () => {
  const { told, events } = setUp()
  events.begin('7-0', '9-12')
  events.add('8-10', 'a')
  events.add('9-2', 'b')
  assert.deepEqual(told, [])
  events.add('9-12', 'c')
  events.add('9-13', 'd')
  events.add('10-1', 'e')
  assert.deepEqual(told, ['recent: a b c', 'd', 'e'])
})

test('where nothing had happened it is told at once', () => {
  const { told, events } = setUp()
  events.begin('0-0', '0-0')
  assert.deepEqual(told, ['recent: '])
  events.add('1-1', 'a')
  assert.deepEqual(told, ['recent: ', 'a'])
})

test('where the last one is gone the next one is news all the same', () => {
  const { told, events } = setUp()
  events.begin('7-0', '9-12')
  events.add('8-10', 'a')
  events.add('9-13', 'b')
  assert.deepEqual(told, ['recent: a', 'b'])
})
