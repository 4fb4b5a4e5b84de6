import type { ProducerIdentity } from '../../src/models/order-event.ts'
import type { LookedPage } from '../../src/service/kafka/lane/session.ts'
import type { NextNumbers } from '../../src/service/kafka/lane/state.ts'
import type { ModelBroker, ModelPartition } from './model-broker.ts'
import type { Call, ModelLine, Reply } from './model-line.ts'
import { endOf, type ModelReplica } from './model-replica.ts'
import type { Actor, Timeline } from './timeline.ts'

/** How long the broker waits for a record where there is none. */
const FETCH_WAIT_MS = 500

/** Small, so that a look has several pages. */
const PAGE_BATCHES_MAX = 2

/** `breaks`: answered, and then no connection. */
const READ_FAULTS = ['lost', 'breaks', 'throttled'] as const

export interface ReadsDeps {
  readonly actor: Actor
  readonly timeline: Timeline
  readonly broker: ModelBroker
  readonly partition: ModelPartition
  readonly line: ModelLine
  readonly breakLater: () => void
  readonly throttleLater: () => void
}

/** What a lane asks of the one that it takes for the leader. */
export class ModelReads {
  readonly #deps: ReadsDeps
  /** The connection has answered so many pages. */
  pageCount = 0

  constructor(deps: ReadsDeps) {
    this.#deps = deps
  }

  numbers(
    leader: ModelReplica | undefined,
    producers: readonly ProducerIdentity[],
  ): Promise<readonly NextNumbers[]> {
    const { broker, line } = this.#deps
    const what = `DescribeProducers ${producers.map(({ id }) => id).join()}`
    return this.#read<readonly NextNumbers[]>(leader, what, (replica, call, reply) => {
      if (!broker.isDescribingAllowed) return line.lose(call)
      const next = producers.map((identity) => this.#nextNumbers(replica, identity))
      reply(next.map(({ id, firstSequence }) => `${id}/${firstSequence}`).join(), next)
    })
  }

  page(
    leader: ModelReplica | undefined,
    wanted: ReadonlySet<string>,
    fromOffset: number,
    untilOffset: number | undefined,
  ): Promise<LookedPage> {
    if (untilOffset === undefined) return this.#readToEnd(leader, wanted, fromOffset)
    return this.#read(leader, `Fetch from ${fromOffset}`, (replica, call, reply) =>
      this.#fetch(call, replica, wanted, fromOffset, untilOffset, reply),
    )
  }

  #nextNumbers(replica: ModelReplica, { id, epoch }: ProducerIdentity): NextNumbers {
    const { broker } = this.#deps
    const next = replica.nextSequence(id)
    return next === undefined
      ? { id, epoch, firstSequence: broker.nextUnseenSequence(), isKnown: false }
      : { id, epoch: replica.epochOf(id) ?? epoch, firstSequence: next, isKnown: true }
  }

  /** Two requests: where the log ends, and then a page. */
  #readToEnd(
    leader: ModelReplica | undefined,
    wanted: ReadonlySet<string>,
    fromOffset: number,
  ): Promise<LookedPage> {
    const { timeline, actor, line } = this.#deps
    return this.#read<LookedPage>(leader, 'ListOffsets', (replica, call, reply) => {
      const { end } = replica
      // As in a topic that was made anew.
      const first = fromOffset > end ? 0 : fromOffset
      if (first >= end) {
        const page = { offsets: new Map(), nextOffset: first, untilOffset: end }
        return reply(`nothing from ${first}`, page)
      }
      timeline.add({
        what: `Fetch from ${first} until ${end}`,
        place: 'broker',
        actor,
        run: () => this.#fetch(call, replica, wanted, first, end, reply),
        fail: () => line.lose(call),
      })
    })
  }

  /** As far as it is replicated; where there is nothing yet, the broker waits a moment. */
  #fetch(
    call: Call,
    replica: ModelReplica,
    wanted: ReadonlySet<string>,
    fromOffset: number,
    untilOffset: number,
    reply: Reply<LookedPage>,
  ): void {
    const { timeline, actor, broker, partition, line } = this.#deps
    const answer = (): void => {
      const isBroken = this.pageCount >= broker.pagesMax
      if (!replica.isLeading || isBroken) return line.lose(call)
      this.pageCount += 1
      if (replica !== partition.leader) broker.count('zombie looked')
      const { offsets, nextOffset } = readPage(replica, wanted, fromOffset)
      if (nextOffset === fromOffset) broker.count('unreplicated page')
      const how = `${offsets.size} found, read to ${nextOffset} of ${untilOffset}`
      reply(how, { offsets, nextOffset, untilOffset })
    }
    if (replica.read(fromOffset, 1).length > 0) return answer()
    const what = `${call.what}: nothing yet`
    timeline.hold({ what, place: 'broker', actor, run: answer }, FETCH_WAIT_MS)
  }

  #read<Value>(
    replica: ModelReplica | undefined,
    what: string,
    read: (replica: ModelReplica, call: Call, reply: Reply<Value>) => void,
  ): Promise<Value> {
    if (replica === undefined) return Promise.reject(new Error('not connected'))
    const { timeline, actor, line, breakLater, throttleLater } = this.#deps
    return line.ask<Value>(what, (call, reply) => {
      const run = (): void => {
        if (replica.isLeading) read(replica, call, reply)
        else line.lose(call)
      }
      const fail = (choice: number): void => {
        const fault = READ_FAULTS[choice % READ_FAULTS.length] ?? 'lost'
        timeline.tell(actor, `fault at ${what}: ${fault}`)
        if (fault === 'lost') return line.lose(call)
        run()
        if (fault === 'breaks') breakLater()
        else throttleLater()
      }
      timeline.add({ what, place: 'broker', actor, run, fail })
    })
  }
}

/** Of an event that is there twice, the lower offset. */
function readPage(
  replica: ModelReplica,
  wanted: ReadonlySet<string>,
  fromOffset: number,
): Omit<LookedPage, 'untilOffset'> {
  const batches = replica.read(fromOffset, PAGE_BATCHES_MAX)
  const last = batches.at(-1)
  const offsets = new Map<string, number>()
  for (const { baseOffset, events } of batches) {
    for (const [index, { event }] of events.entries()) {
      if (!wanted.has(event.eventId) || offsets.has(event.eventId)) continue
      if (baseOffset + index >= fromOffset) offsets.set(event.eventId, baseOffset + index)
    }
  }
  return { offsets, nextOffset: last === undefined ? fromOffset : endOf(last) }
}
