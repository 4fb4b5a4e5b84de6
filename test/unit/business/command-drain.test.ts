import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CommandDrain } from '../../../src/business/command-drain.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** When the drain is over, by its clock. */
async function drainedAtMs(
  drain: CommandDrain,
  clock: ManualClock,
  timeoutMs: number,
): Promise<number> {
  let endedAtMs: number | undefined
  void drain.drain(clock, timeoutMs).then(() => (endedAtMs = clock.monotonicMs()))
  await clock.runUntil(() => endedAtMs !== undefined, 10)
  return endedAtMs ?? NaN
}

test('what is under way is waited for, up to the time-out', async () => {
  const drain = new CommandDrain()
  assert.equal(drain.isDraining, false)
  void drain.track(new Promise(() => {}))
  assert.equal(await drainedAtMs(drain, new ManualClock(), 8_000), 8_000)
  assert.equal(drain.isDraining, true)
})

test('a failed command is an answered one', async () => {
  const drain = new CommandDrain()
  await assert.rejects(drain.track(Promise.reject(new Error('no'))))
  assert.ok((await drainedAtMs(drain, new ManualClock(), 8_000)) < 8_000)
})

test('when nothing is under way, connections still have a moment to hear of it', async () => {
  const atMs = await drainedAtMs(new CommandDrain(), new ManualClock(), 8_000)
  assert.ok(atMs > 0 && atMs < 1_000)
  assert.equal(await drainedAtMs(new CommandDrain(), new ManualClock(), 0), 0)
})
