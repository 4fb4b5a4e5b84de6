import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import type { PendingEvent } from '../../../../src/models/order-event.ts'
import { KafkaEventPublisher } from '../../../../src/service/kafka/event-publisher.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { somePending } from '../../../support/some-event.ts'
import { FakeSession } from './lane/fake-session.ts'

/** The publisher's part beside its lanes: which there are, and what becomes of what they held. */

class Session extends FakeSession {
  readonly partition: number
  isClosed = false

  constructor(partition: number) {
    super()
    this.partition = partition
  }

  override close(): void {
    this.isClosed = true
  }
}

function setUp({ partitionCount = 3 } = {}) {
  const clock = new ManualClock()
  const sessions: Session[] = []
  const health: string[] = []
  const topic = { partitionCount, awayFrom: Infinity }
  const publisher = new KafkaEventPublisher({
    topic: 'orders',
    askLayout: async () => ({
      topicId: 'one',
      partitionCount: topic.partitionCount,
      leaders: [],
    }),
    openSession: (partition) => {
      const session = new Session(partition)
      session.isAway = partition >= topic.awayFrom
      sessions.push(session)
      return session
    },
    mayPublish: () => true,
    onSuspicion: () => {},
    clock,
    health: {
      reportUp: () => void health.push('up'),
      reportDegraded: (_dependency, reason) => void health.push(`degraded: ${reason}`),
      reportDown: (_dependency, reason) => void health.push(`down: ${reason}`),
    },
  })
  const pass = async (ms: number): Promise<void> => {
    const endMs = clock.monotonicMs() + ms
    await clock.runUntil(() => clock.monotonicMs() >= endMs, 50)
    for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  }
  const open = (): Session[] => sessions.filter(({ isClosed }) => !isClosed)
  return { publisher, topic, sessions, health, pass, open }
}

function eventOf(partition: number): PendingEvent {
  return somePending({ partition })
}

test('a lane that lets go has a successor at once, and closing the publisher closes every lane', async () => {
  const { publisher, pass, open } = setUp()
  publisher.start()
  await pass(300)
  const held = publisher.hold(1)
  const letting = publisher.letGo(1, held)
  for (let key = 0; key < 20; key += 1) publisherAdmits(publisher, key)
  await pass(300)
  await letting
  assert.deepEqual(
    open()
      .map(({ partition }) => partition)
      .toSorted((one, other) => one - other),
    [0, 1, 2],
  )
  const closing = publisher.close()
  await pass(1_000)
  await closing
  assert.deepEqual(open(), [])
})

/** True or not: asked while a lane is exchanged, it must not make another one. */
function publisherAdmits(publisher: KafkaEventPublisher, key: number): boolean {
  try {
    return publisher.admit(Buffer.from(`key-${key}`)).partition >= 0
  } catch {
    return false
  }
}

test('abandoning leaves no moment in which health has no lane to speak of', async () => {
  const { publisher, health, pass } = setUp()
  publisher.start()
  await pass(1_000)
  health.length = 0
  const abandoning = publisher.abandon()
  await pass(1_000)
  await abandoning
  assert.deepEqual([...new Set(health)], ['up'])
  void publisher.close()
  await pass(1_000)
})

test('what was recovered for a partition that the topic has no more is settled where its key leads', async () => {
  const { publisher, topic, pass } = setUp({ partitionCount: 1 })
  topic.awayFrom = 1
  let partition: number | undefined
  // The layout is not known yet.
  void publisher.recover(eventOf(2)).then(({ position }) => (partition = position.partition))
  publisher.start()
  await pass(5_000)
  assert.equal(partition, 0)
  assert.equal(publisher.pendingCount, 0)
  void publisher.close()
  await pass(1_000)
})

test('what a partition that is gone held is not handed over: elsewhere it would come back', async () => {
  const { publisher, topic, sessions, pass } = setUp({ partitionCount: 1 })
  publisher.start()
  await pass(300)
  const [session] = sessions
  assert.ok(session)
  session.isSilentAboutProducers = true
  topic.awayFrom = 1
  void publisher.recover(eventOf(2))
  void publisher.recover(eventOf(0))
  await pass(5_000)
  assert.deepEqual(publisher.stuckPartitions(4_000), [0])
  assert.deepEqual(
    publisher.hold(0).map(({ partition }) => partition),
    [0],
  )
  assert.equal(publisher.pendingCount, 2)
  void publisher.close()
  await pass(1_000)
})
