import { randomBytes } from 'node:crypto'

/** One request, and what the service said to it. */
export interface JournalEntry {
  readonly orderId: string
  readonly kind: 'create' | 'update'
  /** What else was asked for: the number of items, or the status. */
  readonly asked: number | string
  /** Carried by the event that this request causes: it tells the two apart from all others. */
  readonly traceparent: string
  /** The client's `Idempotency-Key`: all requests that carry it are one. */
  readonly key: string | undefined
  /** Which of the instances was asked. */
  readonly instance: number
  readonly sentAtMs: number
  answeredAtMs: number | undefined
  /** 0: no answer came. */
  status: number
  code: string | undefined
  outcome: string | undefined
  /** The order that came with a "done", as JSON. */
  order: string | undefined
}

export interface Fault {
  readonly atMs: number
  readonly what: string
}

/** Everything that was asked, answered and done to the service, by one clock. */
export class Journal {
  readonly entries: JournalEntry[] = []
  readonly faults: Fault[] = []
  #confirmedCount = 0

  begin(
    request: Pick<JournalEntry, 'orderId' | 'kind' | 'asked' | 'key' | 'instance'>,
  ): JournalEntry {
    const entry: JournalEntry = {
      ...request,
      traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
      sentAtMs: nowMs(),
      answeredAtMs: undefined,
      status: 0,
      code: undefined,
      outcome: undefined,
      order: undefined,
    }
    this.entries.push(entry)
    return entry
  }

  end(
    entry: JournalEntry,
    answer: Pick<JournalEntry, 'status' | 'code' | 'outcome' | 'order'>,
  ): void {
    Object.assign(entry, answer)
    entry.answeredAtMs = nowMs()
    if (isConfirmed(entry)) this.#confirmedCount += 1
  }

  get confirmedCount(): number {
    return this.#confirmedCount
  }

  noteFault(what: string): void {
    this.faults.push({ atMs: nowMs(), what })
  }
}

/** Wall time that does not jump. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now()
}

export function isConfirmed({ status }: JournalEntry): boolean {
  return status === 200 || status === 201
}

/** Whether there was nobody to take the request. */
export function isUnsent({ status, code }: JournalEntry): boolean {
  return status === 0 && code === 'ECONNREFUSED'
}

/** Whether it was sent, and no reply came. */
export function isUnanswered(entry: JournalEntry): boolean {
  return entry.status === 0 && !isUnsent(entry)
}

/** Whether the caller does not know what became of the request. */
export function isOpen(entry: JournalEntry): boolean {
  return isUnanswered(entry) || entry.outcome === 'unknown'
}

/** Whether another request asked for the same. */
export function isSameRequest(one: JournalEntry, other: JournalEntry): boolean {
  return one.orderId === other.orderId && one.kind === other.kind && one.asked === other.asked
}
