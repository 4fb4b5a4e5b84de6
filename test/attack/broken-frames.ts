import { setTimeout as delay } from 'node:timers/promises'
import { SeededRandom } from '../fault/harness/seeded-random.ts'
import { startTestCluster } from '../support/kafka-cluster.ts'
import { openTcpLink } from '../support/tcp-link.ts'
import { until } from '../support/until.ts'
import { converse, Tally } from './conversation.ts'
import type { Attack, Place, Target } from './harness.ts'
import { createRequest } from './requests.ts'
import { auditTopic } from './tools.ts'

/** A broker, or a database, says what no protocol has. The service goes on when it comes to its senses. */

type Harm = (bytes: Buffer) => Buffer

const INT32_MAX = 2 ** 31 - 1

const HARM_MS = { full: 2_000, short: 500 } as const

/** The length of a frame of Kafka is at its beginning; that of a message of PostgreSQL one byte later. */
function harms(lengthAt: number): ReadonlyArray<readonly [what: string, harm: Harm]> {
  const random = new SeededRandom(11)
  const withLength =
    (length: number): Harm =>
    (bytes) => {
      const changed = Buffer.from(bytes)
      if (changed.length >= lengthAt + 4) changed.writeInt32BE(length, lengthAt)
      return changed
    }
  return [
    ['a length of -5', withLength(-5)],
    ['a length of 2³¹−1', withLength(INT32_MAX)],
    ['a length of 0', withLength(0)],
    [
      'counts of 2³¹−1',
      (bytes) =>
        Buffer.concat([bytes.subarray(0, 8), Buffer.alloc(Math.max(0, bytes.length - 8), 0x7f)]),
    ],
    ['other bytes', (bytes) => Buffer.from(bytes.map(() => random.integer(0, 255)))],
    ['32 MiB of zeros', () => Buffer.alloc(32 * 1024 * 1024)],
  ]
}

/** Creations while each harm lasts, and one that is confirmed after it. */
async function sufferAll(
  place: Place,
  target: Target,
  lengthAt: number,
  harmAnswers: (harm: Harm | undefined) => void,
): Promise<{ readonly sent: string; readonly tally: Tally; readonly faults: string[] }> {
  const tally = new Tally()
  const faults: string[] = []
  const all = harms(lengthAt)
  let count = 0
  const create = async (counted: Tally): Promise<void> => {
    count += 1
    await converse(target.port, [createRequest(`B-${count}`)], counted)
  }
  for (const [what, harm] of all) {
    harmAnswers(harm)
    const endMs = performance.now() + HARM_MS[place.size]
    while (performance.now() < endMs) {
      await create(tally)
      await delay(20)
    }
    harmAnswers(undefined)
    const recovered = until(async () => {
      const one = new Tally()
      await create(one)
      return one.count('201') === 1
    }, 'recovered')
    await recovered.catch(() => faults.push(`did not recover from ${what}`))
  }
  const wrong = tally.answers.filter((answer) => !/^(?:201|503 )/u.test(answer))
  faults.push(...wrong.map((answer) => `answered ${answer}`))
  return { sent: all.map(([what]) => what).join(', '), tally, faults }
}

export const brokerFrames: Attack = {
  name: 'broker-frames',
  about: 'a broker answers with lengths and bytes that no answer has',
  async run(place) {
    const cluster = await startTestCluster(1)
    place.resources.defer(() => cluster.close())
    const proxy = cluster.brokers[0]?.proxy
    if (proxy === undefined) throw new Error('no broker')
    const target = await place.start({ KAFKA_BOOTSTRAP_SERVERS: cluster.proxiedServers })
    const harmAnswers = (harm: Harm | undefined): void => proxy.harmAnswers(harm)
    const { sent, tally, faults } = await sufferAll(place, target, 0, harmAnswers)
    const settings = { ...place.settings, KAFKA_BOOTSTRAP_SERVERS: cluster.bootstrapServers }
    const audit = await auditTopic(settings)
    return {
      sent: `answers with ${sent}`,
      cameBack: tally.text,
      faults: [...faults, ...audit.faults],
    }
  },
}

export const databaseFrames: Attack = {
  name: 'database-frames',
  about: 'a database answers with lengths and bytes that no message has',
  stores: ['postgres'],
  async run(place) {
    const direct = new URL(place.settings['DATABASE_URL'] ?? '')
    const link = place.resources.use(await openTcpLink(Number(direct.port)))
    const linked = new URL(direct)
    linked.port = String(link.port)
    const target = await place.start({ DATABASE_URL: linked.href })
    const harmAnswers = (harm: Harm | undefined): void => link.harmAnswers(harm)
    const { sent, tally, faults } = await sufferAll(place, target, 1, harmAnswers)
    const audit = await auditTopic(place.settings)
    return {
      sent: `messages with ${sent}`,
      cameBack: tally.text,
      faults: [...faults, ...audit.faults],
    }
  },
}
