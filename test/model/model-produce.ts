import type { SendAnswer } from '../../src/service/kafka/lane/session.ts'
import type { ModelBroker, ModelPartition, ProduceRequest } from './model-broker.ts'
import type { Call, ModelLine, Reply } from './model-line.ts'
import type { ModelReplica } from './model-replica.ts'
import type { Actor, Step, Timeline } from './timeline.ts'

/**
 * `late`: its sender has given it up, and it arrives. `breaks`: answered, and then no connection.
 * `refused`: one batch, by the partition or for what it holds, before it is appended. `timed out`: the
 * broker does not wait for the followers of one partition any more.
 */
const FAULTS = [
  'lost',
  'answer lost',
  'late',
  'partition-refused',
  'late',
  'event-refused',
  'breaks',
  'throttled',
  'timed out',
] as const

export const LOST = FAULTS.indexOf('lost')

/** The fault that makes a request late. */
export const LATE = FAULTS.indexOf('late')

const LATE_SUFFIX = ', late,'

/** On its way, and its sender waits for it. */
export function isProduce({ what, place }: Step): boolean {
  return place === 'broker' && what.startsWith('Produce ') && !what.endsWith(LATE_SUFFIX)
}

/** On its way, and its sender has given it up. */
export function isLateProduce({ what, place }: Step): boolean {
  return place === 'broker' && what.startsWith('Produce ') && what.endsWith(LATE_SUFFIX)
}

export interface ProduceDeps {
  readonly actor: Actor
  readonly timeline: Timeline
  readonly broker: ModelBroker
  readonly line: ModelLine
  readonly breakLater: () => void
  readonly throttleLater: () => void
}

/** A batch on its way to the one that its lane takes for the leader. */
export interface ModelBatch {
  readonly what: string
  readonly partition: ModelPartition
  readonly replica: ModelReplica
  readonly request: ProduceRequest
  readonly isFirst: boolean
  readonly bytes: number
}

/** A Produce request with batches of one or more partitions, and whatever may become of it. */
export class ModelProduce {
  readonly #deps: ProduceDeps
  readonly #batches: readonly ModelBatch[]

  constructor(deps: ProduceDeps, batches: readonly ModelBatch[]) {
    this.#deps = deps
    this.#batches = batches
    for (const { request } of batches) deps.broker.underWay.add(request)
    if (batches.length > 1) deps.broker.count('sent together')
  }

  /** Resolves with the answers in the order of the batches. */
  send(): Promise<readonly SendAnswer[]> {
    const { timeline, actor, line } = this.#deps
    const what = `Produce ${this.#batches.map((batch) => batch.what).join(' + ')}`
    return line.ask<readonly SendAnswer[]>(what, (call, reply) =>
      timeline.add({
        what: call.what,
        place: 'broker',
        actor,
        run: () => this.#arrive(call, this.#answering(reply)),
        fail: (choice) => this.#spoil(call, reply, choice),
      }),
    )
  }

  #arrive(call: Call, answer: (batch: ModelBatch, answer: SendAnswer) => void): void {
    for (const batch of this.#batches) this.#arriveOne(call, batch, answer)
  }

  #arriveOne(
    call: Call,
    batch: ModelBatch,
    answer: (batch: ModelBatch, answer: SendAnswer) => void,
  ): void {
    const { broker } = this.#deps
    const { partition, replica, request } = batch
    broker.underWay.delete(request)
    const { end } = replica
    partition.produce(replica, request, (heard) => answer(batch, heard))
    if (call.isOver && replica.end > end) broker.count('late appended')
  }

  /** The broker answers when all its partitions have. */
  #answering(reply: Reply<readonly SendAnswer[]>): (batch: ModelBatch, answer: SendAnswer) => void {
    const answers = new Map<ModelBatch, SendAnswer>()
    return (batch, answer) => {
      if (answer.kind === 'failed') this.#countRefusal(batch, answer)
      else if (answer.isRepeat && batch.isFirst) this.#deps.broker.count('first is a repeat')
      answers.set(batch, answer)
      const inOrder = this.#batches.flatMap((one) => answers.get(one) ?? [])
      if (inOrder.length < this.#batches.length) return
      reply(inOrder.map(inWords).join(' + '), inOrder)
    }
  }

  #spoil(call: Call, reply: Reply<readonly SendAnswer[]>, choice: number): void {
    const fault = FAULTS[choice % FAULTS.length] ?? 'lost'
    const { timeline, actor, broker, line } = this.#deps
    timeline.tell(actor, `fault at ${call.what}: ${fault}`)
    switch (fault) {
      case 'lost':
        for (const { request } of this.#batches) broker.underWay.delete(request)
        return line.lose(call)
      case 'answer lost':
        this.#arrive(call, () => {})
        return line.lose(call)
      case 'late': {
        line.lose(call)
        const run = (): void => this.#arrive(call, () => {})
        return timeline.add({ what: `${call.what}${LATE_SUFFIX}`, place: 'broker', actor, run })
      }
      case 'partition-refused':
      case 'event-refused':
      case 'timed out':
        return this.#spoilOne(call, reply, choice, fault)
      case 'breaks':
        this.#arrive(call, this.#answering(reply))
        return this.#deps.breakLater()
      case 'throttled':
        this.#arrive(call, this.#answering(reply))
        return this.#deps.throttleLater()
    }
  }

  /** The batches of the other partitions have their own answers. */
  #spoilOne(
    call: Call,
    reply: Reply<readonly SendAnswer[]>,
    choice: number,
    fault: 'partition-refused' | 'event-refused' | 'timed out',
  ): void {
    const answer = this.#answering(reply)
    const spoilt = Math.floor(choice / FAULTS.length) % this.#batches.length
    for (const [index, batch] of this.#batches.entries()) {
      if (index !== spoilt) this.#arriveOne(call, batch, answer)
      else if (fault === 'timed out') {
        this.#arriveOne(call, batch, () => {})
        answer(batch, { kind: 'failed', verdict: 'unknown', reason: 'REQUEST_TIMED_OUT' })
      } else {
        this.#deps.broker.underWay.delete(batch.request)
        answer(batch, { kind: 'failed', verdict: fault, reason: 'the model says no' })
      }
    }
  }

  #countRefusal(
    { request, isFirst }: ModelBatch,
    { verdict }: Extract<SendAnswer, { readonly kind: 'failed' }>,
  ): void {
    const { broker } = this.#deps
    const isAlone = request.events.length === 1
    if (verdict === 'partition-refused') broker.count('partition refused')
    if (verdict !== 'event-refused') return
    if (isFirst) broker.count(isAlone ? 'event refused' : 'halved')
    else broker.count(isAlone ? 'parked' : 'shrunk')
  }
}

function inWords(answer: SendAnswer): string {
  if (answer.kind === 'failed') return `${answer.verdict}, ${answer.reason}`
  return `ack at ${answer.baseOffset}${answer.isRepeat ? ', a repeat' : ''}`
}
