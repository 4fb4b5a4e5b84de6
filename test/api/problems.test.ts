import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportBug } from '../../src/api/bug-report.ts'
import { PROBLEM_KINDS, type ProblemCode } from '../../src/api/problems.ts'
import {
  CommandError,
  ERROR_CODES,
  unavailable,
  type ErrorCode,
} from '../../src/business/errors.ts'
import {
  createFakeCommands,
  createFakeQueries,
  postOrder,
  putOrder,
  startTestServer,
} from './harness.ts'

const CREATE = { orderId: 'ORD-1', numItems: 1 }

/** As the contract has them. */
const STATUSES: Record<ProblemCode, number> = {
  BODY_NOT_JSON: 400,
  REQUEST_INVALID: 400,
  CREDENTIAL_MISSING: 401,
  CREDENTIAL_REFUSED: 401,
  SCOPE_MISSING: 403,
  ORIGIN_NOT_ALLOWED: 403,
  HOST_NOT_ALLOWED: 403,
  ORDER_NOT_FOUND: 404,
  EVENT_NOT_FOUND: 404,
  PATH_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMED_OUT: 408,
  ORDER_ALREADY_EXISTS: 409,
  STATUS_TRANSITION_NOT_ALLOWED: 409,
  CHANGE_IN_FLIGHT: 409,
  TOOL_AT_WORK: 409,
  ORDER_STILL_OPEN: 409,
  EVENTS_RETIRED: 410,
  REQUEST_IN_FLIGHT: 409,
  VERSION_MOVED: 412,
  ENTITY_TAG_WEAK: 412,
  BODY_TOO_LARGE: 413,
  MEDIA_TYPE_NOT_SUPPORTED: 415,
  EXPECTATION_FAILED: 417,
  IDEMPOTENCY_KEY_REUSED: 422,
  RATE_LIMITED: 429,
  HEADERS_TOO_LARGE: 431,
  INTERNAL: 500,
  KAFKA_UNAVAILABLE: 503,
  KAFKA_REFUSED: 503,
  SCHEMA_REGISTRY_UNAVAILABLE: 503,
  STORE_UNAVAILABLE: 503,
  IDENTITY_PROVIDER_UNAVAILABLE: 503,
  SERVICE_FULL: 503,
  SERVICE_DRAINING: 503,
}

function kebab(code: string): string {
  return code.toLowerCase().split('_').join('-')
}

for (const code of ERROR_CODES) {
  test(`answers ${code} with ${STATUSES[code]} and the sentence of the use case`, async (t) => {
    const commands = createFakeCommands(new CommandError(code, 'Why it is so'))
    const { server } = await startTestServer(t, { commands })
    const response = await postOrder(server, CREATE)
    assert.equal(response.statusCode, STATUSES[code])
    assert.equal(response.headers['content-type'], 'application/problem+json')
    assert.deepEqual(response.json(), {
      success: false,
      type: `urn:cart-service:problem:${kebab(code)}`,
      title: PROBLEM_KINDS[code].title,
      status: STATUSES[code],
      code,
      detail: 'Why it is so',
      requestId: response.headers['x-request-id'],
    })
  })
}

test('documents each code by an example of that code', () => {
  for (const [code, { example }] of Object.entries(PROBLEM_KINDS)) assert.equal(example.code, code)
})

/** The JSON parser's own reason differs with the text. */
function withoutReason(detail: string): string {
  return detail.replace(/(not valid JSON: ).*/, '$1…')
}

test('documents the sentences that a refused request is really told', async (t) => {
  const { server } = await startTestServer(t)
  const headers = { 'content-type': 'application/json' }
  const post = { method: 'POST', url: '/api/create-order', headers } as const
  const answers = {
    BODY_NOT_JSON: await server.inject({ ...post, body: '{"orderId"' }),
    REQUEST_INVALID: await postOrder(server, { orderId: 'ORD-1', numItems: 'three' }),
    PATH_NOT_FOUND: await server.inject('/api/orders-of-old'),
    METHOD_NOT_ALLOWED: await server.inject({ method: 'DELETE', url: '/api/create-order' }),
    BODY_TOO_LARGE: await putOrder(server, ' '.repeat(100_000)),
    MEDIA_TYPE_NOT_SUPPORTED: await server.inject({
      ...post,
      headers: { 'content-type': 'text/plain' },
      body: 'three',
    }),
  }
  for (const [code, answer] of Object.entries(answers)) {
    const { example } = PROBLEM_KINDS[code as keyof typeof answers]
    const told: { code: string; detail: string; errors?: unknown } = answer.json()
    assert.equal(told.code, code)
    assert.equal(withoutReason(told.detail), withoutReason(example.detail))
    assert.deepEqual(told.errors, 'fieldErrors' in example ? example.fieldErrors : undefined)
  }
})

test('has one title for each code', () => {
  const titles = Object.values(PROBLEM_KINDS).map(({ title }) => title)
  assert.equal(new Set(titles).size, Object.keys(STATUSES).length)
})

for (const outcome of ['not-applied', 'unknown'] as const) {
  test(`says the outcome ${outcome} and when to try again with a 503`, async (t) => {
    const error = unavailable('KAFKA_UNAVAILABLE', 'Kafka is away', outcome)
    const { server } = await startTestServer(t, { commands: createFakeCommands(error) })
    const response = await putOrder(server, { orderId: 'ORD-1', status: 'shipped' })
    assert.equal(response.statusCode, 503)
    assert.equal(response.json().outcome, outcome)
    assert.match(String(response.headers['retry-after']), /^[1-9]\d*$/)
  })
}

test('sends Retry-After with a 503 only', async (t) => {
  const error = new CommandError('ORDER_ALREADY_EXISTS', "Order 'ORD-1' already exists")
  const { server } = await startTestServer(t, { commands: createFakeCommands(error) })
  const response = await postOrder(server, CREATE)
  assert.equal(response.headers['retry-after'], undefined)
  assert.equal('outcome' in response.json(), false)
})

const BUGS: readonly (readonly [what: string, error: unknown])[] = [
  ['an error', new Error('secret: SELECT * FROM orders')],
  [
    'an error that calls itself a client error',
    Object.assign(new Error('secret'), { statusCode: 400 }),
  ],
  ['a broken connection of a driver', Object.assign(new Error('secret'), { code: 'ECONNRESET' })],
  ['what is no error', 'secret'],
]

for (const [what, error] of BUGS) {
  test(`answers ${what} with 500, tells nothing of it, and logs it`, async (t) => {
    const commands = createFakeCommands(error)
    const { server, logged } = await startTestServer(t, { commands })
    const response = await postOrder(server, CREATE)
    const requestId = response.headers['x-request-id']
    assert.equal(response.statusCode, 500)
    assert.equal(response.json().code, 'INTERNAL')
    assert.equal(response.json().requestId, requestId)
    assert.doesNotMatch(response.body, /secret|\.ts|at /)
    const line = logged.find(({ msg }) => msg === 'request failed by a bug')
    assert.equal(line?.['level'], 50)
    assert.equal(line?.['requestId'], requestId)
    assert.match(JSON.stringify(line?.['err']), /secret/)
  })
}

test('the log of a bug has neither the path nor what a driver knows of the row', async (t) => {
  const path = '/api/orders/ORD-secret'
  const cause = Object.assign(new Error(`no way to ${path}`), { detail: 'Key (id)=(ORD-secret)' })
  const bug = new Error(`'${path}' is odd`, { cause })
  const queries = createFakeQueries({ getOrder: () => Promise.reject(bug) })
  const { server, logged } = await startTestServer(t, { queries })
  const response = await server.inject(path)
  assert.equal(response.statusCode, 500)
  assert.doesNotMatch(JSON.stringify(logged), /secret/)
  const line = logged.find(({ msg }) => msg === 'request failed by a bug')
  assert.match(JSON.stringify(line), /'\(of the URL\)' is odd.*no way to \(of the URL\)/)
})

test('the log of a bug has no value of the path and the query, as it was sent or as it was read', () => {
  const url = '/api/orders/ORD%20secret%2F1?customerId=C-secret&limit=5&cursor=%zz'
  const read = 'no order ORD secret/1 of C-secret among 5 of orders'
  const { message } = reportBug(new Error(`${url}: ${read}`), url) as { message: string }
  assert.equal(message, '(of the URL): no order (of the URL) of (of the URL) among 5 of orders')
})

test('the log of a bug takes a path that no URL can have', () => {
  const { message } = reportBug(new Error("'//' is odd"), '//') as { message: string }
  assert.equal(message, "'(of the URL)' is odd")
})

test('a part of the URL that is too long for every order id is the fault of the caller', async (t) => {
  const { server, logged } = await startTestServer(t)
  for (const url of ['/api/orders/', '/api/orders/A/events/', '/schemas/']) {
    const response = await server.inject(url + 'secret'.repeat(700))
    assert.ok(response.statusCode < 500, url)
  }
  assert.doesNotMatch(JSON.stringify(logged), /secret/)
})

test('logs no error for what is the fault of the caller or of a dependency', async (t) => {
  const codes: ErrorCode[] = ['ORDER_ALREADY_EXISTS', 'KAFKA_UNAVAILABLE']
  for (const code of codes) {
    const commands = createFakeCommands(new CommandError(code, 'Why it is so'))
    const { server, logged } = await startTestServer(t, { commands, logLevel: 'info' })
    await postOrder(server, CREATE)
    await postOrder(server, 'no json')
    await server.inject('/nowhere')
    assert.deepEqual(logged, [])
  }
})
