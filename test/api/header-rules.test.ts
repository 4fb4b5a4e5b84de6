import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestServer } from './harness.ts'
import { operationAt, readOpenApi } from './open-api.ts'

interface HeaderCases {
  readonly name: string
  readonly operations: readonly string[]
  readonly taken: readonly string[]
  readonly refused: readonly string[]
}

const HEADERS: readonly HeaderCases[] = [
  {
    name: 'Idempotency-Key',
    operations: ['POST /api/create-order', 'PUT /api/update-order'],
    taken: ['k', '"k"', 'a"b', 'a"', '"""', '!~', 'x'.repeat(255), `"${'x'.repeat(255)}"`],
    refused: ['', '""', '"', '"a', 'a b', 'a,b', 'ä', 'x'.repeat(256), `"${'x'.repeat(256)}"`],
  },
  {
    name: 'If-Match',
    operations: ['PUT /api/update-order'],
    taken: ['*', '"3"', '"3", W/"4" ,"", "a,b"'],
    refused: ['', '3', '"3" "4"', '"3', '"3",', '*, "3"', 'w/"3"', '"ä"'],
  },
  {
    name: 'Last-Event-ID',
    operations: ['GET /api/events/stream'],
    // Which places there are is for the stream to say.
    taken: [],
    refused: ['1', '-', '1-2-3', '1-'.padEnd(18, '2')],
  },
]

const BODIES: Readonly<Record<string, object>> = {
  POST: { orderId: 'ORD-1', numItems: 1 },
  PUT: { orderId: 'ORD-1', status: 'shipped' },
}

for (const { name, operations, taken, refused } of HEADERS) {
  test(`says the rule of ${name} by a schema, and takes and refuses what it does`, async (t) => {
    const { server } = await startTestServer(t)
    const document = await readOpenApi(server)
    for (const operation of operations) {
      const { parameters = [] } = operationAt(document, operation)
      const { pattern = '' } = parameters.find((parameter) => parameter.name === name)?.schema ?? {}
      const [method = '', url = ''] = operation.split(' ')
      const ask = (value: string) =>
        server.inject({
          method: method as 'GET',
          url,
          headers: { [name]: Buffer.from(value).toString('latin1') },
          ...(method in BODIES && { payload: BODIES[method] }),
        })
      for (const value of taken) {
        assert.match(value, new RegExp(pattern))
        assert.ok((await ask(value)).statusCode < 300, value)
      }
      for (const value of refused) {
        assert.doesNotMatch(value, new RegExp(pattern))
        const response = await ask(value)
        assert.equal(response.statusCode, 400, value)
        assert.deepEqual(
          [response.json().errors.length, response.json().errors[0].field],
          [1, name],
        )
      }
    }
  })
}
