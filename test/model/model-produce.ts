import type { SendAnswer } from '../../src/service/kafka/lane/session.ts'
import type { ModelBroker, ModelPartition, ProduceRequest } from './model-broker.ts'
import type { Call, ModelLine, Reply } from './model-line.ts'
import type { ModelReplica } from './model-replica.ts'
import type { Actor, Step, Timeline } from './timeline.ts'

/**
 * `late`: its sender has given it up, and it arrives. `breaks`: answered, and then no connection.
 * `refused`: by the partition or for what it holds, before it is appended.
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
  readonly partition: ModelPartition
  readonly line: ModelLine
  readonly breakLater: () => void
  readonly throttleLater: () => void
}

/** A Produce request on its way to that leader, and whatever may become of it. */
export class ModelProduce {
  readonly #deps: ProduceDeps
  readonly #replica: ModelReplica
  readonly #request: ProduceRequest
  readonly #isFirst: boolean

  constructor(deps: ProduceDeps, replica: ModelReplica, request: ProduceRequest, isFirst: boolean) {
    this.#deps = deps
    this.#replica = replica
    this.#request = request
    this.#isFirst = isFirst
    deps.broker.underWay.add(request)
  }

  leave(call: Call, reply: Reply<SendAnswer>): void {
    const { timeline, actor } = this.#deps
    timeline.add({
      what: call.what,
      place: 'broker',
      actor,
      run: () => this.#arrive(call, (answer) => this.#answer(answer, reply)),
      fail: (choice) => this.#spoil(call, reply, FAULTS[choice % FAULTS.length] ?? 'lost'),
    })
  }

  #arrive(call: Call, answer: (answer: SendAnswer) => void): void {
    const { broker, partition } = this.#deps
    broker.underWay.delete(this.#request)
    const { end } = this.#replica
    partition.produce(this.#replica, this.#request, answer)
    if (call.isOver && this.#replica.end > end) broker.count('late appended')
  }

  #answer(answer: SendAnswer, reply: Reply<SendAnswer>): void {
    if (answer.kind === 'failed') this.#countRefusal(answer)
    else if (answer.isRepeat && this.#isFirst) this.#deps.broker.count('first is a repeat')
    reply(inWords(answer), answer)
  }

  #spoil(call: Call, reply: Reply<SendAnswer>, fault: (typeof FAULTS)[number]): void {
    const { timeline, actor, broker, line } = this.#deps
    timeline.tell(actor, `fault at ${call.what}: ${fault}`)
    switch (fault) {
      case 'lost':
        broker.underWay.delete(this.#request)
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
        broker.underWay.delete(this.#request)
        return this.#answer({ kind: 'failed', verdict: fault, reason: 'the model says no' }, reply)
      case 'breaks':
        this.#arrive(call, (answer) => this.#answer(answer, reply))
        return this.#deps.breakLater()
      case 'throttled':
        this.#arrive(call, (answer) => this.#answer(answer, reply))
        return this.#deps.throttleLater()
    }
  }

  #countRefusal({ verdict }: Extract<SendAnswer, { readonly kind: 'failed' }>): void {
    const { broker } = this.#deps
    const isAlone = this.#request.events.length === 1
    if (verdict === 'partition-refused') broker.count('partition refused')
    if (verdict !== 'event-refused') return
    if (this.#isFirst) broker.count(isAlone ? 'event refused' : 'halved')
    else broker.count(isAlone ? 'parked' : 'shrunk')
  }
}

function inWords(answer: SendAnswer): string {
  if (answer.kind === 'failed') return `${answer.verdict}, ${answer.reason}`
  return `ack at ${answer.baseOffset}${answer.isRepeat ? ', a repeat' : ''}`
}
