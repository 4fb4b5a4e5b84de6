import assert from 'node:assert/strict'
import type { Clock } from '../../src/business/ports.ts'
import type { Actor, Timeline } from './timeline.ts'

/** As in the real one: after it a request is given up, with its connection. */
const REQUEST_TIMEOUT_MS = 2_000

/** A question in words, and whether its sender still waits for the answer. */
export interface Call {
  readonly what: string
  isOver: boolean
  readonly fail: (reason: string) => void
}

export type Reply<Value> = (how: string, value: Value) => void

export interface LineDeps {
  readonly actor: Actor
  readonly timeline: Timeline
  readonly clock: Clock
  /** Its assertion ends the schedule, whoever asked. */
  readonly check: (claim: () => void) => void
}

/** A session's line to the broker: one call at a time, each of which ends. */
export class ModelLine {
  readonly #deps: LineDeps
  #call: Call | undefined

  constructor(deps: LineDeps) {
    this.#deps = deps
  }

  /** It ends with the answer, with its time, or with the connection. `begin` adds its first step. */
  ask<Value>(what: string, begin: (call: Call, reply: Reply<Value>) => void): Promise<Value> {
    const { timeline, actor, clock, check } = this.#deps
    const underWay = this.#call?.what
    check(() =>
      assert.equal(underWay, undefined, `L1: one call at a time, and not ${what} as well`),
    )
    const { promise, resolve, reject } = Promise.withResolvers<Value>()
    const end = (settle: () => void): void => {
      if (call.isOver) return
      call.isOver = true
      this.#call = undefined
      cancel()
      settle()
    }
    const fail = (reason: string): void => end(() => reject(new Error(reason)))
    const call: Call = { what, isOver: false, fail }
    const cancel = clock.schedule(REQUEST_TIMEOUT_MS, () => fail('timed out'))
    this.#call = call
    begin(call, (how, value) => {
      if (call.isOver) return
      const run = (): void => end(() => resolve(value))
      timeline.add({ what: `${what} answered: ${how}`, place: 'process', actor, run })
    })
    return promise
  }

  /** The sender hears that nothing comes. */
  lose(call: Call): void {
    const { timeline, actor } = this.#deps
    if (call.isOver) return
    const run = (): void => call.fail('no answer')
    timeline.add({ what: `${call.what} failed`, place: 'process', actor, run })
  }

  /** Ends the call that is under way. Its request still arrives. */
  cut(reason: string): void {
    this.#call?.fail(reason)
  }
}
