import { setTimeout } from 'node:timers/promises'
import { KafkaCluster } from '../../../src/service/kafka/cluster.ts'
import type { ClusterBroker } from '../../support/kafka-cluster.ts'
import { until } from '../../support/until.ts'
import { Cart, type CartReport } from '../harness/cart.ts'
import { nowMs } from '../harness/journal.ts'
import { confirmationsByPartition, longestGapMs } from '../harness/measures.ts'
import type { Scenario, ScenarioContext } from '../harness/scenario.ts'

/** Three brokers, replication factor 3, min.insync.replicas 2. */

/** Longer than the cluster takes to notice a dead broker and to elect leaders. */
const DOWN_MS = 20_000

/**
 * Between two pauses. Where the next leader was paused within seconds after the last one went on, the other
 * brokers had too few replicas for all of that pause (NOT_ENOUGH_REPLICAS), and so had every client. With this
 * in between, the one that was paused first is a replica again.
 */
const REPLICAS_RETURN_MS = 40_000

/** What the death of a leader may cost its partitions. */
const WITHOUT_LEADER_MS_MAX = 15_000

interface Span {
  readonly what: string
  readonly fromMs: number
  readonly toMs: number
}

async function leaderPorts({ cluster }: ScenarioContext, topic: string): Promise<number[]> {
  const brokers = cluster.brokers.map(({ port }) => ({ host: 'localhost', port }))
  const { leaders } = await new KafkaCluster('faults', topic, brokers).refresh()
  return leaders.flatMap((leader) => (leader === undefined ? [] : [leader.broker.port]))
}

/** Who leads most partitions, and who leads none or fewest. */
async function byLeadership(context: ScenarioContext, topic: string): Promise<ClusterBroker[]> {
  const ports = await leaderPorts(context, topic)
  const count = ({ port }: ClusterBroker): number => ports.filter((led) => led === port).length
  return context.cluster.brokers.toSorted((one, other) => count(other) - count(one))
}

/** Kills the brokers, waits, starts them again, and waits until all replicas are back. */
async function killFor(cart: Cart, brokers: readonly ClusterBroker[], what: string): Promise<Span> {
  cart.journal.noteFault(`${what}: SIGKILL of ${brokers.map(({ nodeId }) => nodeId).join(', ')}`)
  const fromMs = nowMs()
  await Promise.all(brokers.map((broker) => broker.kill()))
  await setTimeout(DOWN_MS)
  const toMs = nowMs()
  await Promise.all(brokers.map((broker) => broker.start()))
  cart.journal.noteFault(`${what}: started again`)
  await cart.untilSettled()
  await cart.runWell()
  return { what, fromMs, toMs }
}

/** A partition that confirms nothing for too long is late; the journal tells. */
function noteGaps(cart: Cart, { observations }: CartReport, spans: readonly Span[]): string[] {
  const timesOf = confirmationsByPartition(cart.journal, observations.topic)
  const late: string[] = []
  for (const { what, fromMs, toMs } of spans) {
    const gaps = [...timesOf].map(([partition, timesMs]) => {
      const gapMs = longestGapMs(timesMs, fromMs, toMs)
      if (gapMs > WITHOUT_LEADER_MS_MAX)
        late.push(`${what}: partition ${partition} waited too long`)
      return `partition ${partition}: ${(gapMs / 1_000).toFixed(1)} s`
    })
    cart.notes.push(`${what}: longest time without a confirmation: ${gaps.join(', ')}`)
  }
  return late
}

const brokerOfThree: Scenario = {
  name: 'broker-of-three',
  about: 'three brokers: a follower is killed, then a leader, then two of them',
  brokers: 3,
  async run(context) {
    await using cart = await Cart.start(context)
    const spans: Span[] = []
    for (let round = 0; round < context.rounds(2, 1); round += 1) {
      const fewest = (await byLeadership(context, cart.topic)).slice(-1)
      spans.push(await killFor(cart, fewest, 'the broker that leads least'))
      const most = (await byLeadership(context, cart.topic)).slice(0, 1)
      spans.push(await killFor(cart, most, 'the broker that leads most'))
      // Two of three: fewer than min.insync.replicas are left, and no controller quorum.
      await killFor(cart, (await byLeadership(context, cart.topic)).slice(0, 2), 'two brokers')
      context.progress(`${round + 1} rounds`)
    }
    const report = await cart.finish()
    return { ...report, late: [...report.late, ...noteGaps(cart, report, spans)] }
  },
}

const pausedLeader: Scenario = {
  name: 'leader-pause',
  about: 'three brokers: the leader of most partitions is paused for 30 seconds',
  brokers: 3,
  async run(context) {
    await using cart = await Cart.start(context)
    const spans: Span[] = []
    for (let round = 0; round < context.rounds(2, 1); round += 1) {
      if (round > 0) await setTimeout(REPLICAS_RETURN_MS)
      const [leader] = await byLeadership(context, cart.topic)
      const fromMs = nowMs()
      cart.journal.noteFault(`broker ${leader?.nodeId}: SIGSTOP`)
      leader?.pause()
      await setTimeout(30_000)
      leader?.resume()
      cart.journal.noteFault(`broker ${leader?.nodeId}: SIGCONT`)
      spans.push({ what: 'the paused leader', fromMs, toMs: nowMs() })
      await cart.untilSettled()
      await cart.runWell()
    }
    const report = await cart.finish()
    return { ...report, late: [...report.late, ...noteGaps(cart, report, spans)] }
  },
}

const elections: Scenario = {
  name: 'elections',
  about:
    'three brokers: one after the other is killed and started, so that leaders change all the time',
  brokers: 3,
  async run(context) {
    await using cart = await Cart.start(context)
    const { brokers } = context.cluster
    for (let round = 0; round < context.rounds(12, 3); round += 1) {
      const broker = brokers[round % brokers.length]
      if (broker === undefined) break
      cart.journal.noteFault(`broker ${broker.nodeId}: SIGKILL`)
      await broker.kill()
      await setTimeout(context.random.integer(500, 6_000))
      await broker.start()
      cart.journal.noteFault(`broker ${broker.nodeId}: started`)
      await setTimeout(context.random.integer(500, 3_000))
    }
    await until(
      async () => (await leaderPorts(context, cart.topic)).length > 0,
      'the partitions have leaders',
    )
    await cart.untilSettled()
    await cart.runWell()
    return await cart.finish()
  },
}

export const CLUSTER_FAULTS = [brokerOfThree, pausedLeader, elections]
