import { apiVersionsV3, metadataV12, type Connection } from '@platformatic/kafka'
import { readBounded } from '../src/service/bounded-answer.ts'
import { PLAIN_ACCESS } from '../src/service/kafka/broker-access.ts'
import { connectToBroker, dropConnection } from '../src/service/kafka/broker-connection.ts'

/** A broker or registry that is up answers a local question within milliseconds. */
const answerTimeoutMs = 3_000

/** Of a registry: a list of subjects, or one schema. */
const answerBytesMax = 1024 * 1024

/** Whether what listens there speaks the Kafka protocol. */
export async function isKafka(host: string, port: number): Promise<boolean> {
  try {
    await askKafka(host, port, (connection) =>
      apiVersionsV3.api.async(connection, 'cart-service', '1'),
    )
    return true
  } catch {
    return false
  }
}

/** Whether the broker has joined its cluster, so that topics can be created on it. */
export async function isKafkaReady(host: string, port: number): Promise<boolean> {
  try {
    const { brokers } = await askKafka(host, port, (connection) =>
      metadataV12.api.async(connection, [], false),
    )
    return brokers.length > 0
  } catch {
    return false
  }
}

/** The number of partitions of a topic; undefined when it does not exist or the broker does not say. */
export async function countPartitions(
  host: string,
  port: number,
  topic: string,
): Promise<number | undefined> {
  try {
    const { topics } = await askKafka(host, port, (connection) =>
      metadataV12.api.async(connection, [topic], false),
    )
    const count = topics[0]?.partitions.length
    return count === 0 ? undefined : count
  } catch {
    return undefined
  }
}

/** Whether `url`, without a trailing slash, answers `/subjects` as Confluent's Schema Registry does. */
export async function isSchemaRegistry(url: string): Promise<boolean> {
  return Array.isArray(await askRegistry(`${url}/subjects`))
}

/**
 * The id of the latest schema of a subject; undefined when the registry does not say.
 * `userInfo` is `key:secret`.
 */
export async function latestSchemaId(
  url: string,
  subject: string,
  userInfo?: string,
): Promise<number | undefined> {
  const path = `/subjects/${encodeURIComponent(subject)}/versions/latest`
  const version = await askRegistry(url + path, userInfo)
  const id = (version as { id?: unknown } | undefined)?.id
  return typeof id === 'number' ? id : undefined
}

async function askKafka<T>(
  host: string,
  port: number,
  ask: (connection: Connection) => Promise<T>,
): Promise<T> {
  const timeouts = { connectTimeoutMs: answerTimeoutMs, requestTimeoutMs: answerTimeoutMs }
  // Whatever listens there may say anything: it is read as the service reads its brokers.
  const connection = await connectToBroker(
    'cart-service-dev',
    { host, port },
    timeouts,
    PLAIN_ACCESS,
  )
  try {
    return await ask(connection)
  } finally {
    dropConnection(connection)
  }
}

/** The parsed answer, or undefined when there was none, no success or no JSON. */
async function askRegistry(url: string, userInfo?: string): Promise<unknown> {
  const headers: Record<string, string> =
    userInfo === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(userInfo).toString('base64')}` }
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(answerTimeoutMs) })
    return response.ok ? JSON.parse(await readBounded(response, answerBytesMax)) : undefined
  } catch {
    return undefined
  }
}
