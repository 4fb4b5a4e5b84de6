import { setTimeout } from 'node:timers/promises'
import { Cart } from '../harness/cart.ts'
import type { JournalEntry } from '../harness/journal.ts'
import { nowMs } from '../harness/journal.ts'
import { percentile, tookMs } from '../harness/measures.ts'
import type { Scenario } from '../harness/scenario.ts'

const CREATES_PER_SECOND = 200
const MINUTES = 30
const SHORT_SECONDS = 10
const LOOK_EVERY_MS = 1_000

/** Of the outage; until then the heap finds its size. */
const WARM_UP_SHARE = 0.1

/**
 * By then every gate is closed: a lane that waited behind a shared request for its 2 seconds is stalled one
 * second later.
 */
const GATES_CLOSED_AFTER_MS = 3_250

const FIRST_ANSWER_MS_MAX = 5_250
const P99_MS_MAX = 50
const GROWTH_MEGABYTES_MAX = 50

export const longOutage: Scenario = {
  name: 'long-outage',
  about: `the broker is paused for --minutes (${MINUTES}) at ${CREATES_PER_SECOND} creations a second: answers and memory`,
  brokers: 1,
  async run(context) {
    const [broker] = context.cluster.brokers
    const full = (context.minutes ?? MINUTES) * 60
    const outageMs = context.rounds(full, SHORT_SECONDS) * 1_000
    await using cart = await Cart.start(context, {
      load: { createsPerSecond: CREATES_PER_SECOND },
    })
    // The heap has seen its load before the outage.
    await cart.runWell(CREATES_PER_SECOND * context.rounds(30, 1))
    cart.journal.noteFault('broker: SIGSTOP')
    broker?.pause()
    const startMs = nowMs()
    const megabytes: number[] = []
    while (nowMs() - startMs < outageMs) {
      await setTimeout(LOOK_EVERY_MS)
      megabytes.push(cart.service.residentMegabytes())
      const minute = Math.floor(megabytes.length / 60)
      if (megabytes.length % 300 === 0) {
        context.progress(`minute ${minute}: ${megabytes.at(-1)?.toFixed(0)} MB`)
      }
    }
    const endMs = nowMs()
    broker?.resume()
    cart.journal.noteFault('broker: SIGCONT')
    await cart.untilSettled()
    await cart.runWell()
    const report = await cart.finish()
    const during = cart.journal.entries.filter(
      ({ sentAtMs, status }) => sentAtMs >= startMs && sentAtMs < endMs && status === 503,
    )
    const answers = noteAnswers(cart, during, startMs + GATES_CLOSED_AFTER_MS)
    const memory = noteMemory(cart, megabytes)
    return { ...report, late: [...report.late, ...answers, ...memory] }
  },
}

function noteAnswers(
  cart: Cart,
  answers: readonly JournalEntry[],
  gatesClosedAtMs: number,
): string[] {
  const early = answers.filter(({ sentAtMs }) => sentAtMs < gatesClosedAtMs).map(tookMs)
  const late = answers.filter(({ sentAtMs }) => sentAtMs >= gatesClosedAtMs).map(tookMs)
  const firstMs = Math.max(...early)
  const p99Ms = percentile(late, 0.99)
  cart.notes.push(
    `the slowest of the first ${early.length} 503s came after ${firstMs.toFixed(0)} ms; then ${late.length} more, p50 ${percentile(late, 0.5).toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, slowest ${percentile(late, 1).toFixed(0)} ms`,
  )
  return [
    ...(firstMs > FIRST_ANSWER_MS_MAX ? ['the first 503s came too late'] : []),
    ...(p99Ms > P99_MS_MAX ? ['503s took too long during the outage'] : []),
  ]
}

function noteMemory(cart: Cart, megabytes: readonly number[]): string[] {
  const warm = megabytes.slice(Math.floor(megabytes.length * WARM_UP_SHARE))
  const tenth = Math.max(1, Math.floor(warm.length / 10))
  const before = percentile(warm.slice(0, tenth), 0.5)
  const after = percentile(warm.slice(-tenth), 0.5)
  const growth = after - before
  cart.notes.push(
    `resident memory: ${before.toFixed(0)} MB early, ${after.toFixed(0)} MB late in the outage (medians), most ${percentile(megabytes, 1).toFixed(0)} MB`,
  )
  return growth > GROWTH_MEGABYTES_MAX ? [`memory grew by ${growth.toFixed(0)} MB`] : []
}
