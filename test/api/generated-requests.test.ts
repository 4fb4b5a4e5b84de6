import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { OPERATIONS, type GeneratedRequest } from '../support/generated-requests.ts'
import { startTestServer } from './harness.ts'
import { operationsOf, readOpenApi, type Operation } from './open-api.ts'

/**
 * The requests that are sent to both stores (test/integration/storage/both-stores.test.ts) leave out
 * nothing that the OpenAPI document has.
 */

const SAMPLE = { numRuns: 1_000, seed: 13 }

function fieldsOf(operation: Operation): string[] {
  const { schema } = operation.requestBody?.content['application/json'] ?? {}
  const { properties = {} } = (schema ?? {}) as { properties?: Record<string, unknown> }
  return Object.keys(properties)
}

function isSent(requests: readonly GeneratedRequest[], name: string, place: string): boolean {
  return requests.some(({ url, headers }) =>
    place === 'header'
      ? headers[name.toLowerCase()] !== undefined
      : new URLSearchParams(url.split('?', 2)[1]).has(name),
  )
}

function isField(requests: readonly GeneratedRequest[], name: string): boolean {
  return requests.some(({ payload = '' }) => payload.includes(`"${name}":`))
}

function toPattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/?]*')}(?:\\?|$)`)
}

test('there are requests to each operation, with each of its parameters and fields', async (t) => {
  const { server } = await startTestServer(t)
  const documented = operationsOf(await readOpenApi(server))
  const names = documented.map(([name]) => name)
  assert.deepEqual(Object.keys(OPERATIONS).toSorted(), names.toSorted())
  for (const [name, operation] of documented) {
    const [method = '', path = ''] = name.split(' ')
    const generated = OPERATIONS[name]
    assert.ok(generated)
    const requests = fc.sample(generated.requests, SAMPLE)
    for (const request of requests) {
      assert.match(request.url, toPattern(path))
      assert.equal(request.method.replace('HEAD', 'GET'), method)
    }
    const parameters = operation.parameters ?? []
    const missing = [
      ...parameters
        .filter((one) => one.in !== 'path' && !isSent(requests, one.name, one.in))
        .map((one) => `${one.in} ${one.name}`),
      ...fieldsOf(operation).filter((field) => !isField(requests, field)),
    ]
    assert.deepEqual(missing, [], `never sent to ${name}`)
  }
})
