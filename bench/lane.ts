import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { Producer, type MessageToProduce } from '@platformatic/kafka'
import { eventHeaders } from '../src/service/kafka/event-headers.ts'
import { globalSetup, globalTeardown } from '../test/support/global-setup.ts'
import { infrastructure } from '../test/support/infrastructure.ts'
import { somePending } from '../test/support/some-event.ts'
import { openLane } from './open-lane.ts'

/**
 * Acked events per second with 256 in flight on one partition: our lane against the client's own
 * idempotent Producer, used the only way that is safe with it (one send at a time, the rest waits for
 * the next). Both in this process, in turns.
 */

const IN_FLIGHT = 256
const SECONDS = 5
const ROUNDS = 3
const VALUE_BYTES = 300

type Send = () => Promise<unknown>

interface Figures {
  readonly perSecond: number
  /** Of this process, for each event. */
  readonly cpuMicros: number
}

async function measure(send: Send): Promise<Figures> {
  const endMs = performance.now() + SECONDS * 1_000
  let acked = 0
  const before = process.cpuUsage()
  const worker = async (): Promise<void> => {
    while (performance.now() < endMs) {
      await send()
      acked += 1
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  const { user, system } = process.cpuUsage(before)
  return { perSecond: Math.round(acked / SECONDS), cpuMicros: (user + system) / acked }
}

function inWords({ perSecond, cpuMicros }: Figures): string {
  return `${perSecond}/s ${cpuMicros.toFixed(1)} µs`
}

await globalSetup()
const topic = `bench-${randomUUID()}`
const lane = await openLane(topic)
const key = Buffer.from('ORD-1')

const producer = new Producer({
  clientId: 'bench',
  bootstrapBrokers: [infrastructure().kafkaBootstrapServers],
  idempotent: true,
  retries: 2,
})
type Message = MessageToProduce
let waiting: Array<{ message: Message; done: () => void }> = []
let isSending = false

async function drain(): Promise<void> {
  isSending = true
  while (waiting.length > 0) {
    const batch = waiting.splice(0, 500)
    await producer.send({ messages: batch.map(({ message }) => message) })
    for (const { done } of batch) done()
  }
  isSending = false
}

const clientProducer: Send = () =>
  new Promise<void>((done) => {
    const { event, encoded } = somePending({ valueBytes: VALUE_BYTES })
    const value = Buffer.from(encoded.value)
    const headers = eventHeaders(event)
    waiting.push({ message: { topic, partition: 0, key, value, headers }, done })
    if (!isSending) void drain()
  })

for (let round = 1; round <= ROUNDS; round += 1) {
  const ours = await measure(() => lane.send())
  const theirs = await measure(clientProducer)
  const ratio = (ours.cpuMicros / theirs.cpuMicros).toFixed(2)
  process.stdout.write(
    `round ${round}: lane ${inWords(ours)}, Producer ${inWords(theirs)}, ratio of µs ${ratio}\n`,
  )
}
waiting = []
await producer.close()
await lane.close()
await globalTeardown()
