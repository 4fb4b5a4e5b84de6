import { styleText } from 'node:util'
import { columnsOf, wrap } from '../src/cli/layout.ts'

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
const indentWidth = labelWidth + 2

/** A terminal, or what is none. */
type SummaryOutput = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }

/**
 * The block that `npm run dev` ends its start with. `stream` decides about colours: none where it
 * is not a terminal or NO_COLOR is set.
 */
export function renderSummary(summary: Summary, stream: SummaryOutput): string {
  const { apiUrl, topic, partitions, subject, schemaId, orderId } = summary
  const bold = (text: string): string => styleText('bold', text, { stream })
  const dim = (text: string): string => styleText('dim', text, { stream })
  const columns = columnsOf(stream) - indentWidth
  const line = (label: string, ...texts: string[]): string =>
    texts
      .map((text, index) => `  ${bold((index === 0 ? label : '').padEnd(labelWidth))}${text}`)
      .join('\n')
  const notes = (text: string): string => line('', ...wrap(text, columns).map(dim))
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
    line(
      'Kafka',
      ...wrap(`${summary.kafka}, topic ${topic}${describePartitions(partitions)}`, columns),
    ),
    notes(summary.whyKafka),
    line(
      'Registry',
      ...wrap(`${summary.registry}, subject ${subject}, ${describeSchema(schemaId)}`, columns),
    ),
    notes(summary.whyRegistry),
    line('Store', summary.store),
    '',
    line('Create', ...commandLines(createCommand(apiUrl, orderId), columns)),
    line('Update', ...commandLines(updateCommand(apiUrl, orderId), columns)),
    '',
    '  Ctrl-C stops what was started here. Orders, events and schemas are kept.',
    '',
  ].join('\n')
}

function describePartitions(count: number | undefined): string {
  return count === undefined ? '' : `, ${count} ${count === 1 ? 'partition' : 'partitions'}`
}

function describeSchema(id: number | undefined): string {
  return id === undefined ? 'schema id not known yet' : `schema id ${id}`
}

function createCommand(apiUrl: string, orderId: string): Words {
  return curl('POST', `${apiUrl}/api/create-order`, { orderId, numItems: 3 })
}

function updateCommand(apiUrl: string, orderId: string): Words {
  return curl('PUT', `${apiUrl}/api/update-order`, { orderId, status: 'confirmed' })
}

/** Of a command: what belongs on one line where it has to be broken. */
type Words = readonly string[]

function curl(method: string, url: string, body: object): Words {
  return [
    `curl -X ${method} ${url}`,
    "-H 'content-type: application/json'",
    `-d '${JSON.stringify(body)}'`,
  ]
}

/** To paste: broken as a shell takes it, where the terminal would break it. */
function commandLines(words: Words, columns: number): string[] {
  const whole = words.join(' ')
  if (whole.length <= columns) return [whole]
  return words.map((word, index) => (index < words.length - 1 ? `${word} \\` : word))
}
