import fc from 'fast-check'
import { REQUEST_NAMES, REQUESTS } from '../support/asked-broker.ts'
import { startFakeBroker, withOwnLength } from '../support/fake-broker.ts'
import { applyHarm, HARM } from '../support/harm.ts'
import type { FuzzTarget } from './fuzz-target.ts'

/** Recorded answers of a broker, harmed, to each of our requests, over sockets. */
export const kafkaAnswers: FuzzTarget = {
  name: 'answers of Kafka',
  inputs: 50_000,
  async open() {
    const broker = await startFakeBroker()
    const names = fc.constantFrom(...REQUEST_NAMES)
    return {
      // With a right length the harm is within the answer.
      property: fc.asyncProperty(names, HARM, fc.boolean(), async (name, harm, isRight) => {
        broker.harm = (frame, request) => {
          if (request !== name) return [frame]
          const parts = applyHarm(frame, harm)
          return isRight ? withOwnLength(parts) : parts
        }
        await REQUESTS[name](broker)
      }),
      [Symbol.asyncDispose]: () => broker.close(),
    }
  },
}
