import assert from 'node:assert/strict'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, test } from 'node:test'
import {
  createRegistryClient,
  type RegistryClient,
} from '../../../../src/service/schema-registry/client.ts'
import type { RegistryAuth } from '../../../../src/service/schema-registry/registry-auth.ts'
import { RegistryError } from '../../../../src/service/schema-registry/registry-error.ts'
import { FakeRegistry, type Interference } from '../../../support/fake-registry.ts'

const SUBJECT = 'orders-value'
const SCHEMA = '{"type":"record","name":"R","fields":[]}'
const LAID_OUT = JSON.stringify(JSON.parse(SCHEMA), null, 2)

/** What would take longer was not ended but timed out by itself. */
const BOUND_MS = 3_000

describe('the registry client', () => {
  let registry: FakeRegistry
  let client: RegistryClient
  let delays: number[]

  const clock = {
    monotonicMs: () => delays.reduce((sum, delayMs) => sum + delayMs, 0),
    sleep: async (delayMs: number) => void delays.push(delayMs),
  }
  const connect = (overrides: { auth?: RegistryAuth; path?: string; timeoutMs?: number } = {}) => {
    const { path = '', timeoutMs = 10_000, ...others } = overrides
    return createRegistryClient({ baseUrl: registry.url + path, timeoutMs, clock, ...others })
  }

  beforeEach(async () => {
    delays = []
    registry = await FakeRegistry.start()
    client = connect()
  })

  afterEach(async () => {
    client.close()
    await registry[Symbol.asyncDispose]()
  })

  test('tells the schema under an id, and that there is none', async () => {
    const schemaId = registry.add(SUBJECT, SCHEMA)
    const avro = { text: SCHEMA, schemaType: 'AVRO', hasReferences: false }
    assert.deepEqual(await client.schemaById(schemaId), avro)
    assert.equal(await client.schemaById(schemaId + 1), undefined)
    const body = JSON.stringify({ schema: 'x', schemaType: 'PROTOBUF', references: [{}] })
    registry.interfere({ kind: 'answer', status: 200, body }, 1)
    const other = { text: 'x', schemaType: 'PROTOBUF', hasReferences: true }
    assert.deepEqual(await client.schemaById(schemaId), other)
  })

  test('registers a schema and finds it again, laid out differently', async () => {
    assert.deepEqual(await client.register(SUBJECT, SCHEMA), { kind: 'registered', schemaId: 1 })
    assert.deepEqual(await client.register(SUBJECT, SCHEMA), { kind: 'registered', schemaId: 1 })
    assert.equal(await client.lookUp(SUBJECT, LAID_OUT), 1)
    for (const { query } of registry.requests) assert.equal(query, '?normalize=true')
  })

  test('finds no schema under a subject that is missing or holds others', async () => {
    assert.equal(await client.lookUp(SUBJECT, SCHEMA), undefined)
    registry.add(SUBJECT, '"int"')
    assert.equal(await client.lookUp(SUBJECT, SCHEMA), undefined)
  })

  test('says why a schema was refused', async () => {
    registry.declareIncompatible(['field x has\n no default'])
    const result = await client.register(SUBJECT, SCHEMA)
    assert.deepEqual(result, {
      kind: 'incompatible',
      reason: 'Incompatible schema, details: [field x has no default]',
    })
  })

  test('checks against all versions, and gives the reasons one line each', async () => {
    assert.deepEqual(await client.checkCompatibility(SUBJECT, SCHEMA), {
      isCompatible: true,
      reasons: [],
    })
    registry.declareIncompatible(['field x has\n no default', 'y'])
    assert.deepEqual(await client.checkCompatibility(SUBJECT, SCHEMA), {
      isCompatible: false,
      reasons: ['field x has no default', 'y'],
    })
    const [request] = registry.requests
    assert.equal(request?.path, `/compatibility/subjects/${SUBJECT}/versions`)
    assert.equal(request?.query, '?verbose=true&normalize=true')
  })

  for (const status of [404, 405]) {
    test(`takes ${status} to a check as nothing to be incompatible with`, async () => {
      registry.interfere({ kind: 'answer', status })
      const result = await client.checkCompatibility(SUBJECT, SCHEMA)
      assert.deepEqual(result, { isCompatible: true, reasons: [] })
    })
  }

  test("sets and reads a subject's own compatibility", async () => {
    assert.equal(await client.getSubjectCompatibility(SUBJECT), undefined)
    await client.setSubjectCompatibility(SUBJECT, 'FULL_TRANSITIVE')
    assert.equal(await client.getSubjectCompatibility(SUBJECT), 'FULL_TRANSITIVE')
    assert.equal(registry.levelOf(SUBJECT), 'FULL_TRANSITIVE')
  })

  test("believes a subject's NONE where registries tell it from no level", async () => {
    registry.setLevel(SUBJECT, 'NONE')
    assert.equal(await client.getSubjectCompatibility(SUBJECT), 'NONE')
  })

  test("takes Apicurio's NONE as no level of its own", async () => {
    await using apicurio = await FakeRegistry.start('apicurio')
    apicurio.add(SUBJECT, SCHEMA)
    using other = closing(createRegistryClient({ baseUrl: apicurio.url, timeoutMs: 10_000, clock }))
    assert.equal(await other.client.getSubjectCompatibility(SUBJECT), undefined)
    assert.equal(await other.client.getSubjectCompatibility('missing'), undefined)
  })

  test('finds no level where a subject has only other settings of its own', async () => {
    registry.interfere({ kind: 'answer', status: 200, body: '{"normalize":true}' })
    assert.equal(await client.getSubjectCompatibility(SUBJECT), undefined)
  })

  test('keeps the path of the address and escapes subjects', async () => {
    using other = closing(connect({ path: '/apis/ccompat/v7' }))
    await other.client.register('a/b ?', SCHEMA)
    assert.deepEqual(registry.asked, ['POST /apis/ccompat/v7/subjects/a/b ?/versions'])
  })

  test('sends its credentials, and none where it has none', async () => {
    using other = closing(
      connect({ auth: { kind: 'basic', userInfo: { kind: 'text', text: 'key:sécret' } } }),
    )
    await other.client.lookUp(SUBJECT, SCHEMA)
    await client.lookUp(SUBJECT, SCHEMA)
    const expected = `Basic ${Buffer.from('key:sécret').toString('base64')}`
    assert.deepEqual(
      registry.requests.map(({ authorization }) => authorization),
      [expected, undefined],
    )
  })

  const passing: Interference[] = [
    { kind: 'answer', status: 429 },
    { kind: 'answer', status: 503, body: '<html>' },
    { kind: 'hang-up' },
  ]
  for (const interference of passing) {
    test(`asks again after ${JSON.stringify(interference)}`, async () => {
      registry.interfere(interference, 2)
      assert.deepEqual(await client.register(SUBJECT, SCHEMA), { kind: 'registered', schemaId: 1 })
      assert.equal(registry.requests.length, 3)
      assert.deepEqual(delays, [100, 200])
    })
  }

  test('gives up after three tries, with the last status and message', async () => {
    registry.interfere({ kind: 'answer', status: 500, body: '{"message":"store\\nis down"}' })
    await assert.rejects(
      client.lookUp(SUBJECT, SCHEMA),
      failure('unavailable', 500, /answered 500 to POST \/subjects\/.*: store is down$/),
    )
    assert.equal(registry.requests.length, 3)
  })

  test('does not begin another try when its time is over', async () => {
    registry.interfere({ kind: 'answer', status: 503 })
    using other = closing(connect({ timeoutMs: 200 }))
    await assert.rejects(
      other.client.lookUp(SUBJECT, SCHEMA),
      failure('unavailable', 503, /answered 503/),
    )
    assert.equal(registry.requests.length, 2)
  })

  test('says that it was refused, and does not ask again', async () => {
    registry.interfere({ kind: 'answer', status: 401, body: '{"message":"Unauthorized"}' })
    await assert.rejects(
      client.lookUp(SUBJECT, SCHEMA),
      failure(
        'rejected',
        401,
        /answered 401 when asked to look up .*: Unauthorized; it was shown no credential$/,
      ),
    )
    assert.equal(registry.requests.length, 1)
  })

  test('doubts the address when the API is not there', async () => {
    using other = closing(connect({ path: '/elsewhere' }))
    registry.interfere({ kind: 'answer', status: 404, body: '<html>' })
    const expected = failure('rejected', 404, /is SCHEMA_REGISTRY_URL the address of its API\?$/)
    await assert.rejects(other.client.lookUp(SUBJECT, SCHEMA), expected)
    await assert.rejects(other.client.getSubjectCompatibility(SUBJECT), expected)
  })

  test('does not follow a redirect', async () => {
    const headers = { location: `${registry.url}/login` }
    registry.interfere({ kind: 'answer', status: 302, headers }, 1)
    await assert.rejects(
      client.lookUp(SUBJECT, SCHEMA),
      failure('rejected', 302, /a redirect to http:.*\/login, which is not followed/),
    )
    assert.equal(registry.requests.length, 1)
  })

  test('names the reason when nothing listens', async () => {
    await registry.stop()
    await assert.rejects(
      client.lookUp(SUBJECT, SCHEMA),
      failure('unavailable', undefined, /cannot be reached \(ECONNREFUSED\)$/),
    )
  })

  test('stops waiting for a registry that is silent', { timeout: BOUND_MS }, async () => {
    registry.interfere({ kind: 'silence' })
    using other = closing(connect({ timeoutMs: 60 }))
    await assert.rejects(
      other.client.lookUp(SUBJECT, SCHEMA),
      failure('unavailable', undefined, /did not answer within \d+ ms$/),
    )
  })

  const garbage: ReadonlyArray<[string, RegExp]> = [
    ['<html>', /sent no JSON$/],
    ['', /sent no JSON$/],
    ['[]', /did not answer with a schema id$/],
    ['null', /did not answer with a schema id$/],
    ['{"id":"7"}', /did not answer with a schema id$/],
    ['{"id":1.5}', /did not answer with a schema id$/],
    ['{"id":-1}', /did not answer with a schema id$/],
    ['{"id":2147483648}', /did not answer with a schema id$/],
  ]
  for (const [body, message] of garbage) {
    test(`does not take ${JSON.stringify(body)} for a schema id`, async () => {
      registry.interfere({ kind: 'answer', status: 200, body })
      const expected = failure('unavailable', undefined, message)
      await assert.rejects(client.lookUp(SUBJECT, SCHEMA), expected)
      await assert.rejects(client.register(SUBJECT, SCHEMA), expected)
    })
  }

  test('takes neither a check nor a level from an answer that has none', async () => {
    registry.interfere({ kind: 'answer', status: 200, body: '{"compatibilityLevel":7}' })
    await assert.rejects(
      client.checkCompatibility(SUBJECT, SCHEMA),
      failure('unavailable', undefined, /did not answer with true or false$/),
    )
    await assert.rejects(
      client.getSubjectCompatibility(SUBJECT),
      failure('unavailable', undefined, /did not answer with a level$/),
    )
  })

  test('does not read an answer without end', async () => {
    const body = `{"id":1,"schema":"${'x'.repeat(1024 * 1024)}"}`
    registry.interfere({ kind: 'answer', status: 200, body })
    await assert.rejects(
      client.lookUp(SUBJECT, SCHEMA),
      failure('unavailable', undefined, /answered with more than 1048576 bytes$/),
    )
  })

  test(
    'closing ends a question under way and refuses later ones',
    { timeout: BOUND_MS },
    async () => {
      using patient = closing(connect({ timeoutMs: 100 * BOUND_MS }))
      registry.interfere({ kind: 'silence' })
      const asked = once(registry.arrivals, 'request')
      const answer = assert.rejects(patient.client.lookUp(SUBJECT, SCHEMA), RegistryError)
      await asked
      patient.client.close()
      await answer
      await assert.rejects(patient.client.lookUp(SUBJECT, SCHEMA), /the service is closing$/)
      assert.equal(registry.requests.length, 1)
    },
  )
})

function failure(kind: string, status: number | undefined, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof RegistryError)
    assert.deepEqual({ kind: error.kind, status: error.status }, { kind, status })
    assert.match(error.message, message)
    return true
  }
}

function closing(client: RegistryClient) {
  return { client, [Symbol.dispose]: () => client.close() }
}
