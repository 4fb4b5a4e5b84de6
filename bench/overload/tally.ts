import type { Answer } from './response-parser.ts'
import { summarize, type Span, type Summary } from './samples.ts'

/** Latency by two clocks: from the planned time, and from the time of the actual write. */
export interface Latency {
  readonly fromPlan: Summary
  readonly fromSend: Summary
}

export interface LoadReport {
  /** That were to be sent in the span; of a closed loop as many as were sent. */
  readonly planned: number
  readonly sent: number
  /** No connection was free within the client's time-out: the generator gave them up. */
  readonly neverSent: number
  /** The client gave up waiting for the answer. */
  readonly timedOut: number
  /** By status, code and outcome, such as `503 SERVICE_FULL not-applied`; also of late answers. */
  readonly answers: Readonly<Record<string, number>>
  /** Reason by count: each of them was a request without an answer. */
  readonly broken: Readonly<Record<string, number>>
  /** Reason by count: connections that ended, or were not made, with no request open. */
  readonly lost: Readonly<Record<string, number>>
  /** Answers within the span. */
  readonly confirmedPerSecond: number
  readonly fullPerSecond: number
  readonly confirmed: Latency
  readonly full: Latency
  /** How late requests were sent: a connection that was not free, and the generator's own delay. */
  readonly sentLate: Summary
  /** How late the generator's own timer was: more than the machine's own means that it is the limit. */
  readonly ownDelay: Summary
  /** Connections on which no request was confirmed. */
  readonly neverConfirmed: number
}

class Latencies {
  readonly #fromPlan: number[] = []
  readonly #fromSend: number[] = []
  #inSpan = 0

  add(plannedMs: number, sentMs: number, nowMs: number, isInSpan: boolean): void {
    this.#fromPlan.push(nowMs - plannedMs)
    this.#fromSend.push(nowMs - sentMs)
    if (isInSpan) this.#inSpan += 1
  }

  perSecond({ fromMs, untilMs }: Span): number {
    return (this.#inSpan * 1_000) / (untilMs - fromMs)
  }

  summary(): Latency {
    return { fromPlan: summarize(this.#fromPlan), fromSend: summarize(this.#fromSend) }
  }
}

/** Counts what becomes of the requests of one span. Its times are of the generator's clock. */
export class Tally {
  sent = 0
  neverSent = 0
  timedOut = 0
  readonly #span: Span
  readonly #confirmed = new Latencies()
  readonly #full = new Latencies()
  readonly #answers = new Map<string, number>()
  readonly #broken = new Map<string, number>()
  readonly #lost = new Map<string, number>()
  readonly #sentLateMs: number[] = []
  readonly #ownDelaysMs: number[] = []

  constructor(span: Span) {
    this.#span = span
  }

  countSent(lateMs: number): void {
    this.sent += 1
    this.#sentLateMs.push(lateMs)
  }

  countDelay(lateMs: number): void {
    this.#ownDelaysMs.push(lateMs)
  }

  countAnswer({ status, code, outcome }: Answer, plannedMs: number, sentMs: number): void {
    const nowMs = performance.now()
    const isInSpan = nowMs <= this.#span.untilMs
    if (isConfirmed(status)) this.#confirmed.add(plannedMs, sentMs, nowMs, isInSpan)
    if (code === 'SERVICE_FULL') this.#full.add(plannedMs, sentMs, nowMs, isInSpan)
    increase(this.#answers, [status, code, outcome].filter(Boolean).join(' '))
  }

  countBroken(reason: string): void {
    increase(this.#broken, reason)
  }

  countLost(reason: string): void {
    increase(this.#lost, reason)
  }

  report(facts: Pick<LoadReport, 'planned' | 'neverConfirmed'>): LoadReport {
    return {
      ...facts,
      sent: this.sent,
      neverSent: this.neverSent,
      timedOut: this.timedOut,
      answers: Object.fromEntries(this.#answers),
      broken: Object.fromEntries(this.#broken),
      lost: Object.fromEntries(this.#lost),
      confirmedPerSecond: this.#confirmed.perSecond(this.#span),
      fullPerSecond: this.#full.perSecond(this.#span),
      confirmed: this.#confirmed.summary(),
      full: this.#full.summary(),
      sentLate: summarize(this.#sentLateMs),
      ownDelay: summarize(this.#ownDelaysMs),
    }
  }
}

export function isConfirmed(status: number): boolean {
  return status >= 200 && status < 300
}

function increase(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
