import { styleText } from 'node:util'

export interface Summary {
  readonly apiUrl: string
  readonly isReady: boolean
  readonly kafka: string
  readonly topic: string
  /** Undefined when Kafka did not say. */
  readonly partitions: number | undefined
  readonly whyKafka: string
  /** Without credentials. */
  readonly registry: string
  readonly subject: string
  /** Undefined when the registry did not say. */
  readonly schemaId: number | undefined
  readonly whyRegistry: string
  readonly store: string
  /** An order id that was not used before. */
  readonly orderId: string
}

const labelWidth = 10

/**
 * The block that `npm run dev` ends its start with. `stream` decides about colours: none where it
 * is not a terminal or NO_COLOR is set.
 */
export function renderSummary(summary: Summary, stream: NodeJS.WritableStream): string {
  const { apiUrl, topic, partitions, subject, schemaId, orderId } = summary
  const bold = (text: string): string => styleText('bold', text, { stream })
  const dim = (text: string): string => styleText('dim', text, { stream })
  const line = (label: string, text: string): string => `  ${bold(label.padEnd(labelWidth))}${text}`
  const headline = summary.isReady
    ? styleText(['bold', 'green'], 'CartService is ready.', { stream })
    : styleText(['bold', 'yellow'], 'CartService is running and not ready yet.', { stream })
  return [
    '',
    `${headline}${summary.isReady ? '' : ` ${apiUrl}/health says what it waits for.`}`,
    '',
    line('API', `POST ${apiUrl}/api/create-order`),
    line('', `PUT  ${apiUrl}/api/update-order`),
    line('Console', `${apiUrl}/console`),
    line('Docs', `${apiUrl}/docs and ${apiUrl}/redoc`),
    line('Health', `${apiUrl}/health`),
    line('Kafka', `${summary.kafka}, topic ${topic}${describePartitions(partitions)}`),
    line('', dim(summary.whyKafka)),
    line('Registry', `${summary.registry}, subject ${subject}, ${describeSchema(schemaId)}`),
    line('', dim(summary.whyRegistry)),
    line('Store', summary.store),
    '',
    line('Create', createCommand(apiUrl, orderId)),
    line('Update', updateCommand(apiUrl, orderId)),
    '',
    '  Ctrl-C stops what was started here. Orders, events and schemas are kept for the next start.',
    '',
  ].join('\n')
}

function describePartitions(count: number | undefined): string {
  return count === undefined ? '' : `, ${count} ${count === 1 ? 'partition' : 'partitions'}`
}

function describeSchema(id: number | undefined): string {
  return id === undefined ? 'schema id not known yet' : `schema id ${id}`
}

function createCommand(apiUrl: string, orderId: string): string {
  return curl('POST', `${apiUrl}/api/create-order`, { orderId, numItems: 3 })
}

function updateCommand(apiUrl: string, orderId: string): string {
  return curl('PUT', `${apiUrl}/api/update-order`, { orderId, status: 'confirmed' })
}

function curl(method: string, url: string, body: object): string {
  return `curl -X ${method} ${url} -H 'content-type: application/json' -d '${JSON.stringify(body)}'`
}
