import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { suite, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { renderSummary, type Summary } from '../../../dev-services/summary.ts'

const summary: Summary = {
  apiUrl: 'http://localhost:8000',
  isReady: true,
  kafka: 'localhost:9092',
  topic: 'order-events',
  partitions: 3,
  whyKafka: 'started, because reasons',
  registry: 'http://localhost:8081',
  subject: 'order-events-value',
  schemaId: 7,
  whyRegistry: 'SCHEMA_REGISTRY_URL is set',
  store: 'SQLite, data/cart.db',
  orderId: 'ORD-1',
}

suite('the summary', () => {
  test('shows every address, what was agreed with Kafka and the registry, and why', () => {
    const text = renderSummary(summary, new PassThrough())
    for (const part of [
      'CartService is ready.',
      'http://localhost:8000/docs',
      'http://localhost:8000/redoc',
      'http://localhost:8000/health',
      'localhost:9092, topic order-events, 3 partitions',
      'started, because reasons',
      'http://localhost:8081, subject order-events-value, schema id 7',
      'SCHEMA_REGISTRY_URL is set',
      'SQLite, data/cart.db',
    ]) {
      assert.ok(text.includes(part), `${part} in ${text}`)
    }
  })

  test('gives commands for the same order to copy', () => {
    const text = renderSummary(summary, new PassThrough())
    assert.match(
      text,
      /curl -X POST http:\/\/localhost:8000\/api\/create-order .*-d '{"orderId":"ORD-1","numItems":3}'/,
    )
    assert.match(
      text,
      /curl -X PUT http:\/\/localhost:8000\/api\/update-order .*-d '{"orderId":"ORD-1","status":"confirmed"}'/,
    )
  })

  test('fits a terminal of 80 columns, with commands that can still be pasted', () => {
    const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 80 })
    const text = stripVTControlCharacters(
      renderSummary({ ...summary, whyKafka: 'started, because '.repeat(8).trim() }, terminal),
    )
    const long = text.split('\n').filter(({ length }) => length > 80)
    assert.deepEqual(long, [])
    assert.match(
      text,
      /create-order \\\n +-H 'content-type: application\/json' \\\n +-d '{"orderId"/,
    )
  })

  test('has no colours where nobody sees them', () => {
    assert.ok(!renderSummary(summary, new PassThrough()).includes('\u001B'))
  })

  test('says that the service waits, and what is not known yet', () => {
    const text = renderSummary(
      { ...summary, isReady: false, partitions: undefined, schemaId: undefined },
      new PassThrough(),
    )
    assert.match(text, /running and not ready yet\. http:\/\/localhost:8000\/health/)
    assert.match(text, /schema id not known yet/)
    assert.ok(!text.includes('undefined'))
  })
})
