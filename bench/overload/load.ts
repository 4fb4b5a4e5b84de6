import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from './connection.ts'
import { FreeSlots, type Waiting } from './free-slots.ts'
import { requestFor, type Asked, type RequestBytes } from './request-bytes.ts'
import type { Answer } from './response-parser.ts'
import type { Span } from './samples.ts'
import { closedLoop, NOTHING_DUE, openLoop } from './schedule.ts'
import { isConfirmed, Tally, type LoadReport } from './tally.ts'

export interface LoadOptions {
  readonly port: number
  readonly connections: number
  /** Undefined: a closed loop. */
  readonly perSecond?: number
  /** After which a client gives up: a request that it could not send, or one without an answer. */
  readonly timeoutMs: number
  readonly asked: Asked
}

/** Fewer than a listener's usual backlog of 511, so that no opening waits for a repetition of TCP. */
const OPENING_MAX = 128
const OPEN_ALL_MS_MAX = 30_000
/** A client does not storm a service that hangs up. */
const REOPEN_PAUSE_MS = 100
const TICK_MS = 1
const SWEEP_MS = 20
/** So that answers are read between the writes of a burst. */
const SENDS_PER_TURN = 64
const SENDS_PER_ANSWER = 2

interface Slot extends Waiting {
  connection: Connection | undefined
  readonly request: RequestBytes
  isOpen: boolean
  isBusy: boolean
  plannedMs: number
  sentMs: number
  hasConfirmed: boolean
}

/** Requests by a plan, over connections that are opened before. */
export class Load {
  readonly #options: LoadOptions
  readonly #slots: readonly Slot[]
  readonly #free: FreeSlots<Slot>
  #tally = new Tally({ fromMs: 0, untilMs: Infinity })
  /** Of the next request. */
  #next = 0
  #schedule = NOTHING_DUE
  #isSendingSoon = false
  #lastTickMs = 0
  #isOver = false

  constructor(options: LoadOptions) {
    this.#options = options
    this.#free = new FreeSlots(options.connections)
    this.#slots = Array.from({ length: options.connections }, () => ({
      connection: undefined,
      request: requestFor(options.asked),
      isOpen: false,
      isFree: false,
      isQueued: false,
      isBusy: false,
      plannedMs: 0,
      sentMs: 0,
      hasConfirmed: false,
    }))
  }

  /** Resolves with how many there are, when each connection was made or refused once. */
  async open(): Promise<number> {
    const endMs = performance.now() + OPEN_ALL_MS_MAX
    for (let at = 0; at < this.#slots.length && performance.now() < endMs; at += OPENING_MAX) {
      const opening = this.#slots.slice(at, at + OPENING_MAX).map((slot) => this.#connect(slot))
      await Promise.race([Promise.all(opening), sleep(Math.max(0, endMs - performance.now()))])
    }
    return this.#slots.filter(({ isOpen }) => isOpen).length
  }

  /** The times are of this process's clock. Resolves when every request has its answer or its end. */
  async run(span: Span): Promise<LoadReport> {
    const { perSecond, timeoutMs } = this.#options
    await sleep(Math.max(0, span.fromMs - performance.now()))
    this.#tally = new Tally(span)
    this.#schedule = perSecond === undefined ? closedLoop() : openLoop(span, perSecond)
    this.#lastTickMs = performance.now()
    const ticking = setInterval(() => this.#tick(), TICK_MS)
    const sweeping = setInterval(() => this.#sweep(), SWEEP_MS)
    await sleep(Math.max(0, span.untilMs - performance.now()))
    clearInterval(ticking)
    this.#isOver = true
    const planned = perSecond === undefined ? this.#next : this.#schedule.dueBy(span.untilMs)
    this.#tally.neverSent += planned - this.#next
    await this.#untilAnswered(performance.now() + timeoutMs + 2 * SWEEP_MS)
    clearInterval(sweeping)
    const neverConfirmed = this.#slots.filter(({ hasConfirmed }) => !hasConfirmed).length
    return this.#tally.report({ planned, neverConfirmed })
  }

  close(): void {
    this.#isOver = true
    for (const { connection } of this.#slots) connection?.cut()
  }

  async #untilAnswered(endMs: number): Promise<void> {
    while (performance.now() < endMs && this.#slots.some(({ isBusy }) => isBusy)) {
      await sleep(SWEEP_MS)
    }
  }

  #connect(slot: Slot): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    slot.connection = new Connection(this.#options.port, {
      onOpen: () => {
        slot.isOpen = true
        this.#free.add(slot)
        resolve()
      },
      onAnswer: (answer) => this.#takeAnswer(slot, answer),
      onLost: (reason) => {
        if (slot.isBusy) this.#tally.countBroken(reason)
        else this.#tally.countLost(reason)
        this.#reopen(slot, REOPEN_PAUSE_MS)
        resolve()
      },
    })
    return promise
  }

  #takeAnswer(slot: Slot, answer: Answer): void {
    if (!slot.isBusy) {
      this.#tally.countLost(`unasked ${answer.status}`)
      return this.#reopen(slot, REOPEN_PAUSE_MS)
    }
    this.#tally.countAnswer(answer, slot.plannedMs, slot.sentMs)
    if (isConfirmed(answer.status)) slot.hasConfirmed = true
    slot.isBusy = false
    if (answer.isLast) this.#reopen(slot, 0)
    else this.#free.add(slot)
    this.#sendDue(SENDS_PER_ANSWER)
  }

  #reopen(slot: Slot, pauseMs: number): void {
    slot.connection?.cut()
    slot.isOpen = false
    slot.isFree = false
    slot.isBusy = false
    if (this.#isOver) return
    if (pauseMs === 0) void this.#connect(slot)
    else setTimeout(() => void (this.#isOver || this.#connect(slot)), pauseMs)
  }

  #tick(): void {
    const nowMs = performance.now()
    this.#tally.countDelay(Math.max(0, nowMs - this.#lastTickMs - TICK_MS))
    this.#lastTickMs = nowMs
    this.#sendDue(SENDS_PER_TURN)
  }

  #sendDue(most: number): void {
    if (this.#isOver) return
    this.#giveUpExpired()
    for (let count = 0; count < most; count += 1) {
      const nowMs = performance.now()
      if (this.#next >= this.#schedule.dueBy(nowMs)) return
      const slot = this.#free.take()
      if (slot === undefined) return
      this.#send(slot, nowMs)
    }
    if (this.#isSendingSoon || most < SENDS_PER_TURN) return
    this.#isSendingSoon = true
    setImmediate(() => {
      this.#isSendingSoon = false
      this.#sendDue(SENDS_PER_TURN)
    })
  }

  /** Their clients no longer want an answer. */
  #giveUpExpired(): void {
    if (this.#options.perSecond === undefined) return
    const expired = this.#schedule.dueBy(performance.now() - this.#options.timeoutMs)
    if (expired <= this.#next) return
    this.#tally.neverSent += expired - this.#next
    this.#next = expired
  }

  #send(slot: Slot, nowMs: number): void {
    slot.plannedMs = this.#schedule.plannedMs(this.#next, nowMs)
    slot.sentMs = nowMs
    slot.isBusy = true
    this.#tally.countSent(nowMs - slot.plannedMs)
    slot.connection?.send(slot.request.numbered(this.#next))
    this.#next += 1
  }

  #sweep(): void {
    const oldestMs = performance.now() - this.#options.timeoutMs
    for (const slot of this.#slots) {
      if (!slot.isBusy || slot.sentMs > oldestMs) continue
      this.#tally.timedOut += 1
      this.#reopen(slot, 0)
    }
  }
}
