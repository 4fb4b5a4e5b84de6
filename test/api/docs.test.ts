import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PROBLEM_KINDS } from '../../src/api/problems.ts'
import { postOrder, putOrder, startTestServer } from './harness.ts'
import { operationAt, operationsOf, readOpenApi, type Operation } from './open-api.ts'

function bodyExamples(operation: Operation): object[] {
  const { example, examples = {} } = operation.requestBody?.content['application/json'] ?? {}
  const shown = [example, ...Object.values(examples).map(({ value }) => value)]
  return shown.filter((value) => typeof value === 'object' && value !== null)
}

test('describes itself as OpenAPI 3.1 with the version of the service', async (t) => {
  const { server } = await startTestServer(t)
  const { openapi, info } = await readOpenApi(server)
  assert.match(openapi, /^3\.1\./)
  assert.equal(info.title, 'CartService')
  assert.equal(info.version, '1.2.3')
})

test('documents every route but the documentation', async (t) => {
  const { server } = await startTestServer(t)
  const names = operationsOf(await readOpenApi(server)).map(([name]) => name)
  assert.deepEqual(names.toSorted(), [
    'GET /',
    'GET /api/events/stream',
    'GET /api/operations/publication',
    'GET /api/operations/runs',
    'GET /api/operations/settings',
    'GET /api/orders',
    'GET /api/orders/{orderId}',
    'GET /api/orders/{orderId}/events',
    'GET /api/orders/{orderId}/events/{version}',
    'GET /health',
    'GET /health/live',
    'GET /health/ready',
    'POST /api/create-order',
    'POST /api/operations/erasures',
    'POST /api/operations/runs',
    'PUT /api/update-order',
  ])
})

test('gives every operation a name, a description, and an example of every answer', async (t) => {
  const { server } = await startTestServer(t)
  const operations = operationsOf(await readOpenApi(server))
  const ids = operations.map(([, { operationId }]) => operationId)
  assert.equal(new Set(ids).size, operations.length)
  for (const [name, operation] of operations) {
    assert.ok(operation.summary && operation.description, name)
    for (const [status, response] of Object.entries(operation.responses)) {
      assert.notEqual(response.description, 'Default Response', `${name} ${status}`)
      for (const media of Object.values(response.content ?? {})) {
        assert.ok(media.example ?? media.examples, `${name} ${status}`)
      }
    }
  }
})

test('documents every error as a problem, with an example of each code', async (t) => {
  const { server } = await startTestServer(t)
  const document = await readOpenApi(server)
  const create = operationAt(document, 'POST /api/create-order').responses
  const update = operationAt(document, 'PUT /api/update-order').responses
  const createStatuses = ['201', '400', '408', '409', '413', '415', '422', '431', '500', '503']
  assert.deepEqual(Object.keys(create).toSorted(), createStatuses)
  assert.deepEqual(Object.keys(update).toSorted(), [
    '200',
    '400',
    '404',
    '408',
    '409',
    '412',
    ...createStatuses.slice(4),
  ])
  for (const [status, response] of [...Object.entries(create), ...Object.entries(update)]) {
    if (Number(status) < 400) continue
    const media = response.content?.['application/problem+json']
    assert.equal(media?.schema?.$ref, '#/components/schemas/Problem')
    for (const [code, { value }] of Object.entries(media.examples ?? {})) {
      assert.equal(PROBLEM_KINDS[code as keyof typeof PROBLEM_KINDS].status, Number(status))
      assert.equal((value as { code: string }).code, code)
    }
  }
  assert.ok('Retry-After' in (create['503']?.headers ?? {}))
  for (const name of ['Location', 'ETag', 'Idempotent-Replayed']) {
    assert.ok(name in (create['201']?.headers ?? {}), name)
  }
})

test('documents the 503 of readiness as what it is, not as a problem', async (t) => {
  const { server } = await startTestServer(t)
  const ready = operationAt(await readOpenApi(server), 'GET /health/ready')
  assert.deepEqual(Object.keys(ready.responses['503']?.content ?? {}), ['application/json'])
})

test('prefills no header in the documentation: what is the same in every request belongs to one', async (t) => {
  const { server } = await startTestServer(t)
  const operations = operationsOf(await readOpenApi(server))
  const headers = operations.flatMap(([, { parameters = [] }]) =>
    parameters.filter((parameter) => parameter.in === 'header'),
  )
  assert.ok(headers.length >= 4)
  for (const { name, example, examples, schema } of headers) {
    assert.deepEqual(
      [example, examples, schema.example, schema.examples],
      Array(4).fill(undefined),
      name,
    )
  }
  const samples = JSON.stringify(operations.map(([, operation]) => operation['x-codeSamples']))
  assert.doesNotMatch(samples, /Idempotency-Key|If-Match/i)
})

test('says that no operation needs credentials, and where it is by itself', async (t) => {
  const { server } = await startTestServer(t)
  const { security, servers } = await readOpenApi(server)
  assert.deepEqual([security, servers.map(({ url }) => url)], [[], ['/']])
})

/** Of Go, Java, Python, PCRE, a browser that leaves the flag for Unicode out, and generated JavaScript. */
const NOT_EVERYWHERE = /\\[pPsSuv]|\(\?(?!:)|\\x\{|[\u2028\u2029]/

test('has patterns that every client can read', async (t) => {
  const { server } = await startTestServer(t)
  const document = JSON.stringify(await readOpenApi(server))
  const patterns = [...document.matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(
    ([, pattern = '']) => JSON.parse(pattern) as string,
  )
  assert.ok(patterns.length > 5)
  for (const pattern of patterns) {
    assert.doesNotMatch(pattern, NOT_EVERYWHERE)
    for (const flags of ['', 'u', 'v'])
      assert.doesNotThrow(() => new RegExp(pattern, flags), pattern)
  }
  const ids = patterns.filter((pattern) => new RegExp(pattern).test('ORD-😀'))
  assert.ok(ids.length > 4)
})

/** Every schema in a part of the document, those within others too. */
function schemasIn(part: unknown): Readonly<Record<string, unknown>>[] {
  if (typeof part !== 'object' || part === null) return []
  const inner = Object.values(part).flatMap(schemasIn)
  return 'type' in part ? [part, ...inner] : inner
}

test('gives generated clients numbers that are wide enough for amounts and offsets', async (t) => {
  const { server } = await startTestServer(t)
  const document = await readOpenApi(server)
  const numbers = schemasIn(document).filter(({ type }) => type === 'number')
  assert.ok(numbers.length >= 4)
  for (const { format } of numbers) assert.equal(format, 'double')
  const offsets = JSON.stringify(document).match(/"offset":\{[^}]*\}/g) ?? []
  assert.ok(offsets.length > 0)
  for (const offset of offsets) assert.match(offset, /"format":"int64"/)
})

test('gives generated clients a type of each body: no choice whose parts have none', async (t) => {
  const { server } = await startTestServer(t)
  const choices = schemasIn(await readOpenApi(server)).flatMap((schema) =>
    [schema['anyOf'] ?? [], schema['oneOf'] ?? []].flat(),
  )
  assert.deepEqual(
    choices.filter(
      (choice) => typeof choice !== 'object' || choice === null || !('type' in choice),
    ),
    [],
  )
})

test('leaves no reference open', async (t) => {
  const { server } = await startTestServer(t)
  const document = await readOpenApi(server)
  const references = JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)
  const names = new Set([...references].map(([, reference]) => reference ?? ''))
  assert.deepEqual([...names].toSorted(), [
    '#/components/schemas/NewOrderItem',
    '#/components/schemas/Order',
    '#/components/schemas/OrderItem',
    '#/components/schemas/Problem',
  ])
  assert.deepEqual(Object.keys(document.components.schemas).toSorted(), [
    'NewOrderItem',
    'Order',
    'OrderItem',
    'Problem',
  ])
})

test('gives example bodies that the service takes, and says the rules that it applies', async (t) => {
  const { server } = await startTestServer(t, { settings: { maxItemsPerOrder: 7 } })
  const document = await readOpenApi(server)
  const create = operationAt(document, 'POST /api/create-order')
  const update = operationAt(document, 'PUT /api/update-order')
  assert.deepEqual([bodyExamples(create).length, bodyExamples(update).length], [2, 1])
  for (const example of bodyExamples(create)) {
    assert.equal((await postOrder(server, example)).statusCode, 201)
  }
  for (const example of bodyExamples(update)) {
    assert.equal((await putOrder(server, example)).statusCode, 200)
  }
  assert.match(JSON.stringify(create.requestBody), /It must be an integer from 1 to 7\./)
})

const EXTERNAL_URL = /(?:https?:)?\/\/[\w.]/

function assertNothingLeaves(csp: unknown): void {
  const policy = String(csp)
  const directives = new Map(
    policy.split('; ').map((directive) => {
      const [name, ...sources] = directive.split(' ')
      return [name, sources] as const
    }),
  )
  assert.ok(directives.has('default-src') && directives.has('connect-src'), policy)
  assert.doesNotMatch(policy, /upgrade-insecure-requests|https?:|\*|'unsafe-eval'/)
  const allowed = /^(?:'self'|'none'|data:|blob:|'sha256-[\w+/]{43}=')$/u
  for (const [name, sources] of directives) {
    // It lets nothing in: it names what has to be trusted.
    if (name === 'require-trusted-types-for') continue
    for (const source of sources) assert.match(source, allowed, policy)
  }
  assert.deepEqual(directives.get('script-src'), ["'self'"])
  assert.deepEqual(directives.get('connect-src'), ["'self'"])
}

/** What a page loads: its scripts, styles and icons, as paths. */
function assetsOf(page: string, pageUrl: string): string[] {
  const references = page.matchAll(/<(?!a )[^>]*\s(?:src|href|spec-url)="([^"]*)"/g)
  return [...references]
    .map(([, reference = '']) => reference)
    .filter((reference) => !reference.startsWith('data:'))
    .map((reference) => new URL(reference, `http://self${pageUrl}`).pathname)
}

for (const [pageUrl, assetCount] of [
  ['/docs', 9],
  ['/docs/', 9],
  ['/redoc', 6],
] as const) {
  test(`serves ${pageUrl} and all it loads by itself, under a policy that lets nothing out`, async (t) => {
    const { server } = await startTestServer(t)
    const page = await server.inject(pageUrl)
    assert.equal(page.statusCode, 200)
    assert.match(String(page.headers['content-type']), /^text\/html/)
    assert.doesNotMatch(page.body, EXTERNAL_URL)
    assertNothingLeaves(page.headers['content-security-policy'])
    const assets = assetsOf(page.body, pageUrl)
    assert.equal(assets.length, assetCount)
    for (const asset of assets) {
      const response = await server.inject(asset)
      assert.equal(response.statusCode, 200, asset)
      assert.ok(response.body.length > 0, asset)
      if (asset !== '/openapi.json') {
        assertNothingLeaves(response.headers['content-security-policy'])
      }
    }
  })
}

test('starts Swagger UI with our document and no validator elsewhere', async (t) => {
  const { server } = await startTestServer(t)
  const { body } = await server.inject('/docs/static/swagger-initializer.js')
  assert.match(body, /validatorUrl: null/)
  assert.match(body, /resolveUrl\('\.\/json'\)/)
  const shown = await server.inject('/docs/json')
  // It is one level down, and says from there where the service begins (path-prefix.test.ts).
  const servers = [{ url: '../', description: 'This service' }]
  assert.deepEqual(shown.json(), { ...(await readOpenApi(server)), servers })
})

test('tells Redoc to send no telemetry', async (t) => {
  const { server } = await startTestServer(t)
  const { body } = await server.inject('/redoc')
  assert.match(body, /<redoc spec-url="openapi\.json" disable-telemetry="true">/)
})

test('writes the document once in each form, however often it is asked for', async (t) => {
  const { server } = await startTestServer(t)
  const write = t.mock.method(server, 'swagger')
  for (const url of ['/docs/json', '/docs/yaml']) {
    const [first, second] = [await server.inject(url), await server.inject(url)]
    assert.equal(write.mock.callCount(), 1, url)
    assert.equal(first.statusCode, 200)
    assert.equal(second.body, first.body)
    assert.equal(second.headers['content-type'], first.headers['content-type'])
    assert.equal((await server.inject({ method: 'HEAD', url })).body, '')
    write.mock.resetCalls()
  }
})

test('puts no longer name into the document than a host can have', async (t) => {
  const { server } = await startTestServer(t, {
    settings: { ownNames: { names: ['*'], hasOthers: false } },
  })
  const host = 'a'.repeat(254)
  const { body } = await server.inject({ url: '/openapi.json', headers: { host } })
  assert.equal(body.includes(host), false)
  const longest = host.slice(1)
  const answer = await server.inject({ url: '/openapi.json', headers: { host: longest } })
  assert.ok(answer.body.includes(longest))
})
