import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describePending, type LaneReport } from '../../../../src/business/operations/operations.ts'
import { somePending } from '../../../support/some-event.ts'

const LANES: readonly LaneReport[] = [
  {
    partition: 0,
    trouble: undefined,
    parked: [{ eventId: 'event-1', refusal: 'it is too large' }],
  },
  { partition: 1, trouble: 'its leader has not answered yet', parked: [] },
]

function describe(eventId: string, partition: number): unknown {
  const pending = somePending({})
  const event = { ...pending.event, eventId }
  const { state, reason } = describePending({ ...pending, event, partition }, LANES)
  return [state, reason]
}

test('a pending event is parked, held up with its partition, or under way', () => {
  assert.deepEqual(describe('event-1', 0), ['parked', 'it is too large'])
  assert.deepEqual(describe('event-2', 1), ['blocked', 'its leader has not answered yet'])
  assert.deepEqual(describe('event-3', 0), ['under-way', undefined])
})
