import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorCode } from '../../../../src/business/errors.ts'
import { waitForEarlierChange } from '../../../../src/business/order/wait-for-earlier-change.ts'
import { LivePublication } from '../../../../src/business/publication/publication.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { someEvent } from '../../../support/some-event.ts'

const DEADLINE_MS = 5_000

/** A stranger's change is alive, and a request waits for it; how both end is the test's to say. */
function startWaiting({ isDraining = false, isHeld = true } = {}) {
  const clock = new ManualClock()
  const earlier = new LivePublication(someEvent({}), undefined)
  const deps = { clock, isDraining: () => isDraining, lease: { isHeld } }
  const request = { orderId: earlier.event.order.orderId, asksFor: () => false }
  return { clock, earlier, answer: waitForEarlierChange(deps, earlier, request, DEADLINE_MS) }
}

/** A 503 says that nothing was applied and that another instance may do it; a 409 does not. */
const ABANDONED: readonly { name: string; state: object; code: ErrorCode }[] = [
  { name: 'the service stops', state: { isDraining: true }, code: 'SERVICE_DRAINING' },
  { name: 'its lease has run out', state: { isHeld: false }, code: 'STORE_UNAVAILABLE' },
  { name: 'another instance has taken it over', state: {}, code: 'CHANGE_IN_FLIGHT' },
]

for (const { name, state, code } of ABANDONED) {
  test(`a request behind a change that is abandoned, because ${name}, is refused: ${code}`, async () => {
    const { earlier, answer } = startWaiting(state)
    earlier.end('abandoned')
    await assert.rejects(answer, { code })
  })
}

test('a request whose deadline comes is told of the change, though the service stops', async () => {
  const { clock, answer } = startWaiting({ isDraining: true, isHeld: false })
  clock.advance(DEADLINE_MS)
  await assert.rejects(answer, { code: 'CHANGE_IN_FLIGHT' })
})
