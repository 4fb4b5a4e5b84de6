import { test, type TestContext } from 'node:test'
import type { CredentialVerdict } from '../../../src/business/callers/credential-check.ts'
import { eventBytesMax } from '../../../src/business/stream/event-size.ts'
import { LiveFeed } from '../../../src/business/stream/live-feed.ts'
import type { Scope } from '../../../src/models/caller.ts'
import { systemClock } from '../../../src/service/system.ts'
import { openEventStream } from '../../support/event-stream.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { MemoryFeed } from '../../support/memory-feed.ts'
import { until } from '../../support/until.ts'
import { startTestServer } from '../harness.ts'
import { bearer } from './known-callers.ts'

const HEARTBEAT_EVERY_MS = 15_000

function verdictWith(scope: Scope): CredentialVerdict {
  return { kind: 'known', caller: { principal: 'api_key:shop', scopes: new Set([scope]) } }
}

/** A stream that was opened with a key, and of which then something else is true. */
async function openStream(t: TestContext) {
  const clock = new ManualClock()
  const feed = new LiveFeed({
    feed: new MemoryFeed(),
    clock: systemClock,
    publishTimeoutMs: 5_000,
    eventBytesMax: () => eventBytesMax(100),
  })
  const callers = { verdict: verdictWith('orders:read'), check: () => callers.verdict }
  const { server } = await startTestServer(t, { feed, clock, callers })
  const origin = await server.listen({ host: '127.0.0.1', port: 0 })
  const stream = await openEventStream(`${origin}/api/events/stream`, bearer('a-key'))
  t.after(() => stream.close())
  let beats = 0
  const beat = async (): Promise<void> => {
    beats += 1
    clock.advance(HEARTBEAT_EVERY_MS)
    await until(() => stream.commentCount() === beats, 'a heartbeat comes')
  }
  return { callers, clock, stream, beat }
}

const WITHDRAWALS: Readonly<Record<string, CredentialVerdict>> = {
  'was withdrawn': { kind: 'refused', fault: 'unknown' },
  'is over': { kind: 'refused', fault: 'expired' },
  'may no longer read': verdictWith('orders:write'),
}
for (const [what, verdict] of Object.entries(WITHDRAWALS)) {
  test(`a stream ends at the next heartbeat after its key ${what}`, async (t) => {
    const { callers, stream, beat } = await openStream(t)
    await beat()
    callers.verdict = verdict
    await beat()
    await stream.ended
  })
}

test('a stream goes on while nobody can say whether its token is good', async (t) => {
  const { callers, stream, beat } = await openStream(t)
  callers.verdict = { kind: 'unavailable' }
  await beat()
  await beat()
  callers.verdict = WITHDRAWALS['is over'] as CredentialVerdict
  await beat()
  await stream.ended
})
