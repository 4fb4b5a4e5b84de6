import { Producer, type MessageToProduce } from '@platformatic/kafka'
import { createRegistryClient } from '../../src/service/schema-registry/client.ts'
import { systemClock } from '../../src/service/system.ts'
import { FAILPOINTS } from '../fault/scenarios/failpoints.ts'
import { varint } from '../support/record-batch.ts'
import { until } from '../support/until.ts'
import { converse, Tally } from './conversation.ts'
import type { Attack, Place } from './harness.ts'
import { createRequest, times } from './requests.ts'
import { auditTopic, runTool } from './tools.ts'

/**
 * Whoever may write to the topic writes bombs. They lie where the recovery of a dead service has to
 * look, and where the tools read.
 */

const INFLATED_BYTES = 192 * 1024 * 1024
const NESTED = 300_000
const EMPTY_RECORDS = 200_000
const HEADERS = 60_000
const REGISTRY_TIMEOUT_MS = 20_000

/** The event that the dead service left pending. */
const PENDING = 'PENDING-1'

export const topicBombs: Attack = {
  name: 'topic-bombs',
  about: 'records that unpack or decode to hundreds of megabytes, before a recovery and the tools',
  async run(place) {
    const settings = { KAFKA_TOPIC_PARTITIONS: '1' }
    await leavePending(place, settings)
    await plantBombs(place)
    const { url } = await place.start(settings)
    const isSettled = async (): Promise<boolean> => (await fetch(`${url}/api/orders/${PENDING}`)).ok
    await until(isSettled, 'the pending event is settled')
    const listened = await runTool(
      ['listen', '--from-beginning', '--exit-at-end', '--json'],
      place.settings,
    )
    const audited = await runTool(['audit', '--json'], place.settings)
    const { faults } = await auditTopic(place.settings)
    return {
      sent: `${INFLATED_BYTES / 1024 / 1024} MiB in a gzip batch, ${EMPTY_RECORDS} empty records in one, ${NESTED} nested records, ${HEADERS} headers`,
      cameBack: `recovered; listen → ${listened.code}, audit → ${audited.code}`,
      faults: [
        // Foreign records are differences; nothing else may be.
        ...faults.filter((fault) => !fault.startsWith('topic and store differ')),
        ...(listened.code === 0 ? [] : [`cart listen: ${listened.stderr.slice(0, 300)}`]),
      ],
      peakMegabytes: Math.max(listened.peakMegabytes, audited.peakMegabytes),
    }
  },
}

/** The service dies between the store and Kafka. */
async function leavePending(place: Place, settings: Record<string, string>): Promise<void> {
  const dying = { ...settings, CART_FAILPOINT: 'before publish 1' }
  const target = await place.start(dying, { imports: [FAILPOINTS] })
  await converse(target.port, [createRequest(PENDING)], new Tally())
  await target.exited
}

async function plantBombs({ settings }: Place): Promise<void> {
  const topic = settings['KAFKA_TOPIC'] ?? ''
  const nested = await nestedRecords(settings['SCHEMA_REGISTRY_URL'] ?? '', `${topic}-bombs`)
  const servers = settings['KAFKA_BOOTSTRAP_SERVERS'] ?? ''
  const producer = new Producer({ clientId: 'attacker', bootstrapBrokers: [servers] })
  const send = async (messages: Array<Partial<Message>>, isPacked = true): Promise<void> => {
    await producer.send({
      messages: messages.map((message) => ({ topic, ...message })),
      acks: -1,
      compression: isPacked ? 'gzip' : 'none',
    })
  }
  try {
    await send([{ value: Buffer.alloc(INFLATED_BYTES) }])
    await send(times(EMPTY_RECORDS, () => ({ value: Buffer.alloc(0) })))
    await send([{ value: nested }], false)
    const headers = new Map(times(HEADERS, (index) => [Buffer.from(`${index}`), Buffer.alloc(0)]))
    await send([{ value: Buffer.alloc(0), headers }], false)
  } finally {
    await producer.close()
  }
}

type Message = MessageToProduce

/** Lists of empty records: three bytes each, and 900 values. */
async function nestedRecords(baseUrl: string, subject: string): Promise<Buffer> {
  const client = createRegistryClient({
    baseUrl,
    timeoutMs: REGISTRY_TIMEOUT_MS,
    clock: systemClock,
  })
  const empty = { type: 'record', name: 'Empty', fields: [] }
  const schema = JSON.stringify({ type: 'array', items: { type: 'array', items: empty } })
  const registered = await client.register(subject, schema)
  client.close()
  if (registered.kind !== 'registered') throw new Error(registered.reason)
  const head = Buffer.alloc(5)
  head.writeInt32BE(registered.schemaId, 1)
  const inner = Buffer.concat([varint(900), Buffer.from([0])])
  return Buffer.concat([head, varint(NESTED), ...times(NESTED, () => inner), Buffer.from([0])])
}
