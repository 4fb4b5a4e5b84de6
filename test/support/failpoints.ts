import process from 'node:process'
import { KafkaEventPublisher } from '../../src/service/kafka/event-publisher.ts'
import { KafkaLaneSession } from '../../src/service/kafka/lane/kafka-session.ts'
import { BatchedStore } from '../../src/service/storage/batched-store.ts'

/**
 * Imported by a service before it starts (`node --import`): it then dies at one named point of the
 * protocol, as CART_FAILPOINT says: `<before|after> <step> <number of the call>`. The service itself
 * knows nothing of this.
 */

/** Where each step of the protocol passes. */
const STEPS: Readonly<Record<string, object>> = {
  reserve: BatchedStore.prototype,
  settle: BatchedStore.prototype,
  discard: BatchedStore.prototype,
  publish: KafkaEventPublisher.prototype,
  recover: KafkaEventPublisher.prototype,
  send: KafkaLaneSession.prototype,
}

type Step = (this: unknown, ...args: unknown[]) => Promise<unknown>

const [when, step = '', number] = (process.env['CART_FAILPOINT'] ?? '').split(' ')
const target = STEPS[step]
if (target === undefined || (when !== 'before' && when !== 'after')) {
  throw new Error('CART_FAILPOINT must be: before or after, a step, the number of the call')
}
dieAt(target, step, when, Number(number))

function dieAt(prototype: object, name: string, at: 'before' | 'after', callNumber: number): void {
  const original = Reflect.get(prototype, name) as Step
  let calls = 0
  const failing: Step = async function failing(...args) {
    calls += 1
    const isTheCall = calls === callNumber
    if (isTheCall && at === 'before') die()
    const value = await original.apply(this, args)
    if (isTheCall) die()
    return value
  }
  Object.defineProperty(prototype, name, { value: failing })
}

function die(): void {
  process.kill(process.pid, 'SIGKILL')
}
