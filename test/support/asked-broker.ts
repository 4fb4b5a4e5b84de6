import assert from 'node:assert/strict'
import { KafkaCluster } from '../../src/service/kafka/cluster.ts'
import { checkCreation } from '../../src/service/kafka/client-checks.ts'
import { createEntry } from '../../src/service/kafka/lane/entry.ts'
import { createLaneSessions } from '../../src/service/kafka/lane/kafka-session.ts'
import type { LaneSession } from '../../src/service/kafka/lane/session.ts'
import { readClusterFacts } from '../../src/service/kafka/topic-facts.ts'
import type { PartitionLeader } from '../../src/service/kafka/topic-layout.ts'
import { systemClock } from '../../src/service/system.ts'
import type { AnsweredRequest } from './broker-answers.ts'
import type { FakeBroker } from './fake-broker.ts'
import { somePending } from './some-event.ts'

/** A broker that says that it throttles for days is waited for in other tests. */
const IMPATIENT = { ...systemClock, sleep: () => Promise.resolve() }

export const RECORDED_TOPIC = 'recorded-orders'

/** The partition's leader is the fake, whatever its metadata says. */
export class FakeCluster extends KafkaCluster {
  readonly #broker: FakeBroker

  constructor(broker: FakeBroker) {
    super('test', RECORDED_TOPIC, [broker])
    this.#broker = broker
  }

  override leaderOf(): Promise<PartitionLeader> {
    return Promise.resolve({ broker: this.#broker, epoch: 0 })
  }
}

function sessionWith(broker: FakeBroker, onThrottle = (_delayMs: number): void => {}): LaneSession {
  const openSession = createLaneSessions(new FakeCluster(broker), IMPATIENT)
  return openSession(0, { onLost: () => {}, onThrottle })
}

/** A lane's session that is open; only then answers are harmed. */
export async function inSession(
  broker: FakeBroker,
  use: (session: LaneSession) => Promise<unknown>,
  onThrottle: (delayMs: number) => void = () => {},
): Promise<void> {
  const session = sessionWith(broker, onThrottle)
  const { harm } = broker
  broker.harm = (frame) => [frame]
  await session.open()
  broker.harm = harm
  await use(session).catch(() => {})
  session.close()
}

export function lookForIt(session: LaneSession): Promise<unknown> {
  return session.look([ENTRY], 0, undefined)
}

const ENTRY = createEntry(somePending({}), Infinity, () => {})
const NUMBERS = { id: 1, epoch: 0, firstSequence: 0 }

/** Each of our requests, through the code that sends it and reads the answer. */
export const REQUESTS: Readonly<Record<AnsweredRequest, (broker: FakeBroker) => Promise<unknown>>> =
  {
    Metadata: async (broker) => {
      const layout = await new KafkaCluster('test', RECORDED_TOPIC, [broker])
        .refresh()
        .catch(() => undefined)
      assert.ok((layout?.partitionCount ?? 0) < 1_000)
    },
    InitProducerId: (broker) =>
      sessionWith(broker)
        .open()
        .catch(() => {}),
    Produce: (broker) => inSession(broker, (session) => session.send([ENTRY], NUMBERS, true)),
    ListOffsets: (broker) => inSession(broker, lookForIt),
    Fetch: (broker) => inSession(broker, (session) => session.look([ENTRY], 0, 16)),
    DescribeProducers: (broker) => inSession(broker, (session) => session.ask([NUMBERS])),
    DescribeConfigs: (broker) => readClusterFacts(new FakeCluster(broker), ['x']).catch(() => {}),
    CreateTopics: (broker) =>
      checkCreation(new FakeCluster(broker), { partitionCount: 1, replicationFactor: 1 }).catch(
        () => {},
      ),
  }

export const REQUEST_NAMES = Object.keys(REQUESTS) as AnsweredRequest[]
