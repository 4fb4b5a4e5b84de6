/**
 * What has to be true after every fault, seen from outside: the journal of requests and replies, the
 * whole topic, the rows of the store. A repeat is the same event once more; the first occurrence counts.
 *
 *   I1  every "done" is on the topic, with the order that was answered
 *   I2  every settled event stands where the store says
 *   I3  nothing else is on the topic: what was answered "not applied" or 4xx is not, and is not stored
 *   I4  the versions of an order are 1, 2, 3, … in the order of offsets
 *   I5  no event stands twice
 *   I6  no two events of an order have the same version
 *   I7  the store is what the topic tells, event by event and order by order
 *   I8  an order is in one partition
 *   I9  nothing is left pending, and every doubt is settled in time
 *   I10 every reply is one of the contract, true, and in time
 *   I11 requests with one key have one event
 */
import { isConfirmed, isOpen, isSameRequest, type Journal, type JournalEntry } from './journal.ts'
import type { Observations, StoredEvent, TopicEvent } from './observations.ts'

export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'I9' | 'I10' | 'I11'

export interface Violation {
  readonly invariant: Invariant
  readonly orderId: string
  readonly text: string
}

export interface Counts {
  lost: number
  phantom: number
  outOfOrder: number
  gap: number
  /** Events twice. */
  repeated: number
}

export interface Findings {
  readonly violations: readonly Violation[]
  readonly counts: Readonly<Counts>
}

const STATUSES = new Set([200, 201, 404, 409, 503])

export function check(journal: Journal, observations: Observations): Findings {
  return new Checker(journal, observations).check()
}

class Checker {
  readonly #journal: Journal
  readonly #observations: Observations
  readonly #violations: Violation[] = []
  readonly #counts: Counts = {
    lost: 0,
    phantom: 0,
    outOfOrder: 0,
    gap: 0,
    repeated: 0,
  }
  /** First occurrences, by event id. */
  readonly #first = new Map<string, TopicEvent>()
  readonly #byTraceparent: Map<string, TopicEvent>
  readonly #byOrder: Map<string, TopicEvent[]>
  readonly #entriesByOrder: Map<string, JournalEntry[]>

  constructor(journal: Journal, observations: Observations) {
    this.#journal = journal
    this.#observations = observations
    for (const event of observations.topic) {
      if (!this.#first.has(event.eventId)) this.#first.set(event.eventId, event)
    }
    const firsts = [...this.#first.values()]
    this.#byTraceparent = new Map(firsts.map((event) => [event.traceparent, event]))
    this.#byOrder = Map.groupBy(firsts, ({ orderId }) => orderId)
    this.#entriesByOrder = Map.groupBy(journal.entries, ({ orderId }) => orderId)
  }

  check(): Findings {
    for (const entry of this.#journal.entries) this.#checkReply(entry)
    this.#checkKeys()
    for (const [orderId, events] of this.#byOrder) this.#checkVersions(orderId, events)
    for (const event of this.#observations.topic) this.#checkRepeat(event)
    this.#checkStore()
    this.#checkOrders()
    return { violations: this.#violations, counts: this.#counts }
  }

  #checkReply(entry: JournalEntry): void {
    const { orderId, kind, status } = entry
    const said =
      `${kind} was answered ${status} ${entry.code ?? ''} ${entry.outcome ?? ''}`.trimEnd()
    if (status !== 0 && !STATUSES.has(status)) this.#violate('I10', orderId, said)
    const own = this.#byTraceparent.get(entry.traceparent)
    if (isConfirmed(entry)) this.#checkConfirmed(entry, own, said)
    else if (!isOpen(entry) && own !== undefined) {
      this.#counts.phantom += 1
      this.#violate('I3', orderId, `${said}, and is on the topic ${place(own)}`)
    }
    if (entry.code === 'ORDER_ALREADY_EXISTS' && !this.#byOrder.has(orderId)) {
      this.#violate('I10', orderId, `${said}, and no event of it is on the topic`)
    }
    if (entry.code === 'ORDER_NOT_FOUND' && this.#wasCreatedBefore(entry)) {
      this.#violate('I10', orderId, `${said} after its creation had been confirmed`)
    }
  }

  /** A request that repeats one whose reply was open shares the event of that one. */
  #checkConfirmed(entry: JournalEntry, own: TopicEvent | undefined, said: string): void {
    const { orderId, order } = entry
    const shared = own ?? this.#eventOfTwin(entry)
    if (shared === undefined) {
      this.#counts.lost += 1
      this.#violate('I1', orderId, `${said} and is not on the topic`)
    } else if (shared.order !== order) {
      this.#violate('I1', orderId, `${said} with ${String(order)}, on the topic is ${shared.order}`)
    }
  }

  #eventOfTwin(entry: JournalEntry): TopicEvent | undefined {
    return this.#entriesByOrder
      .get(entry.orderId)
      ?.filter((other) => other !== entry && isTwin(entry, other))
      .map(({ traceparent }) => this.#byTraceparent.get(traceparent))
      .find((event) => event?.order === entry.order)
  }

  #checkKeys(): void {
    const keyed = this.#journal.entries.filter(({ key }) => key !== undefined)
    for (const [key, entries] of Map.groupBy(keyed, (entry) => entry.key)) {
      const events = entries.flatMap(
        ({ traceparent }) => this.#byTraceparent.get(traceparent) ?? [],
      )
      if (events.length <= 1) continue
      const places = events.map(place).join(', ')
      this.#violate('I11', events[0]?.orderId ?? '', `key ${key} has the events at ${places}`)
    }
  }

  #wasCreatedBefore({ orderId, sentAtMs }: JournalEntry): boolean {
    const entries = this.#entriesByOrder.get(orderId) ?? []
    return entries.some(
      (entry) =>
        entry.kind === 'create' && isConfirmed(entry) && (entry.answeredAtMs ?? 0) < sentAtMs,
    )
  }

  #checkVersions(orderId: string, events: readonly TopicEvent[]): void {
    const versions = new Set<number>()
    let latest = 0
    for (const event of events) {
      const { version } = event
      const found = `version ${version} at ${place(event)} comes after version ${latest}`
      if (versions.has(version)) this.#violate('I6', orderId, `version ${version} is there twice`)
      else if (version < latest) {
        this.#counts.outOfOrder += 1
        this.#violate('I4', orderId, found)
      } else if (version !== latest + 1) {
        this.#counts.gap += 1
        this.#violate('I4', orderId, found)
      }
      versions.add(version)
      latest = Math.max(latest, version)
    }
    if (new Set(events.map(({ partition }) => partition)).size > 1) {
      this.#violate('I8', orderId, `is in more than one partition: ${events.map(place).join(', ')}`)
    }
  }

  #checkRepeat(event: TopicEvent): void {
    const first = this.#first.get(event.eventId)
    if (first === undefined || first === event) return
    if (first.digest !== event.digest) {
      this.#violate('I5', event.orderId, `${place(first)} and ${place(event)} are not the same`)
    }
    this.#counts.repeated += 1
    this.#violate('I5', event.orderId, `${place(event)} repeats ${place(first)}`)
  }

  #checkStore(): void {
    const stored = new Map(this.#observations.storedEvents.map((event) => [event.eventId, event]))
    for (const event of stored.values()) this.#checkStored(event)
    for (const event of this.#first.values()) {
      if (stored.has(event.eventId)) continue
      this.#counts.phantom += 1
      this.#violate('I3', event.orderId, `${place(event)} is not in the store`)
    }
  }

  #checkStored(event: StoredEvent): void {
    const { eventId, orderId, version, partition, offset } = event
    if (offset === null) return this.#violate('I9', orderId, `version ${version} is still pending`)
    const first = this.#first.get(eventId)
    const settled = `version ${version}, settled at ${partition}@${offset},`
    if (first === undefined) {
      this.#counts.lost += 1
      return this.#violate('I2', orderId, `${settled} is not on the topic`)
    }
    if (first.partition !== partition || first.offset !== offset) {
      this.#violate('I2', orderId, `${settled} stands first at ${place(first)}`)
    }
    const isEqual =
      first.valueDigest === event.valueDigest &&
      first.orderId === orderId &&
      first.version === version
    if (!isEqual) this.#violate('I7', orderId, `${settled} differs from ${place(first)}`)
  }

  #checkOrders(): void {
    const rows = new Map(this.#observations.storedOrders.map((row) => [row.orderId, row]))
    for (const [orderId, events] of this.#byOrder) {
      const latest = events.toSorted((one, other) => one.version - other.version).at(-1)
      const row = rows.get(orderId)
      const isSame = row?.version === latest?.version && row?.status === latest?.status
      if (!isSame) {
        const is = row === undefined ? 'missing' : `version ${row.version}, ${row.status}`
        const told = `version ${latest?.version}, ${latest?.status}`
        this.#violate('I7', orderId, `the order is ${is}; the topic tells ${told}`)
      }
      rows.delete(orderId)
    }
    for (const orderId of rows.keys()) {
      this.#violate('I7', orderId, 'the order is stored and not on the topic')
    }
  }

  #violate(invariant: Invariant, orderId: string, text: string): void {
    this.#violations.push({ invariant, orderId, text })
  }
}

/** Whether the two may share one event: by their key, or because one was repeated when it was in doubt. */
function isTwin(entry: JournalEntry, other: JournalEntry): boolean {
  if (entry.key !== undefined && entry.key === other.key) return true
  return isOpen(other) && isSameRequest(entry, other)
}

function place({ partition, offset }: TopicEvent): string {
  return `${partition}@${offset}`
}
