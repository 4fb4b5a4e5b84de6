import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InexactNumber, parseExactly } from '../../src/api/exact-json.ts'
import { createFakeCommands, postOrder, putOrder, startTestServer } from './harness.ts'
import { operationsOf, readOpenApi } from './open-api.ts'

const VALID = '{"orderId":"ORD-1","numItems":1}'

const TAKEN_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'Application/JSON;charset="UTF-8"',
  'application/vnd.cart+json',
  'application/ld+json; charset=utf-8',
  'application/json; charset=utf8',
  'application/json; charset="UTF8"',
]

for (const contentType of TAKEN_TYPES) {
  test(`takes a body of type ${contentType}`, async (t) => {
    const { server } = await startTestServer(t)
    const response = await postOrder(server, VALID, { 'content-type': contentType })
    assert.equal(response.statusCode, 201)
  })
}

const REFUSED_HEADERS = [
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/x-www-form-urlencoded' },
  { 'content-type': 'application/jsonp' },
  { 'content-type': 'application/json+xml' },
  { 'content-type': 'json' },
  { 'content-type': 'application/json; charset=utf-16' },
  { 'content-type': 'application/vnd.cart+json; charset=latin1' },
  { 'content-type': 'application/json', 'content-encoding': 'gzip' },
  {},
]

for (const headers of REFUSED_HEADERS) {
  test(`refuses a body with the headers ${JSON.stringify(headers)} by 415`, async (t) => {
    const commands = createFakeCommands()
    const { server } = await startTestServer(t, { commands })
    const response = await postOrder(server, VALID, headers)
    assert.equal(response.statusCode, 415)
    assert.equal(response.json().code, 'MEDIA_TYPE_NOT_SUPPORTED')
    assert.deepEqual(commands.created, [])
  })
}

test('takes a body whose Content-Encoding is identity', async (t) => {
  const { server } = await startTestServer(t)
  const headers = { 'content-type': 'application/json', 'content-encoding': 'identity' }
  const response = await postOrder(server, VALID, headers)
  assert.equal(response.statusCode, 201)
})

const NOT_JSON: readonly (readonly [what: string, body: string | Buffer, detail: RegExp])[] = [
  ['an empty body', '', /^The body is empty: send a JSON object$/],
  ['half an object', '{"orderId":', /^The body is not valid JSON: Unexpected end of JSON input$/],
  ['a trailing comma', '{"orderId":"ORD-1",}', /^The body is not valid JSON: .*line 1 column 20/],
  [
    'invalid UTF-8',
    Buffer.from('{"orderId":"\xff","numItems":1}', 'latin1'),
    /^The body is not valid UTF-8$/,
  ],
  ['a surrogate in UTF-8', Buffer.from('22eda08022', 'hex'), /^The body is not valid UTF-8$/],
]

for (const [what, body, detail] of NOT_JSON) {
  test(`refuses ${what} by 400 BODY_NOT_JSON`, async (t) => {
    const { server } = await startTestServer(t)
    const response = await postOrder(server, body)
    assert.equal(response.statusCode, 400)
    assert.equal(response.json().code, 'BODY_NOT_JSON')
    assert.match(response.json().detail, detail)
  })
}

test('ignores fields that it does not know, whatever their names are', async (t) => {
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, { commands })
  const unknown = ['"__proto__":{"customerId":"C"}', '"constructor":{"prototype":{}}', '"":0']
  const item = `{"itemId":"I","quantity":1,"price":1,${unknown.join()}}`
  const response = await postOrder(
    server,
    `{"orderId":"ORD-1","items":[${item}],${unknown.join()}}`,
  )
  assert.equal(response.statusCode, 201)
  const items = [{ itemId: 'I', quantity: 1, price: 1 }]
  assert.deepEqual(commands.created, [{ orderId: 'ORD-1', numItems: 1, brought: { items } }])
})

test('refuses a request without a body by 400 on every operation that has one', async (t) => {
  const { server } = await startTestServer(t)
  const withBody = operationsOf(await readOpenApi(server)).filter(([, one]) => one.requestBody)
  assert.equal(withBody.length, 4)
  for (const [name] of withBody) {
    const [method, url = ''] = name.split(' ')
    const response = await server.inject({ method: method as 'POST', url })
    assert.equal(response.statusCode, 400, name)
    assert.equal(response.json().detail, 'The body is empty: send a JSON object', name)
  }
})

test('takes a creation of 3200 bytes for each item and 16384 more, and no larger one', async (t) => {
  const { server } = await startTestServer(t, { settings: { maxItemsPerOrder: 10 } })
  const longest = VALID + ' '.repeat(16_384 + 32_000 - VALID.length)
  const taken = await postOrder(server, longest)
  const refused = await postOrder(server, `${longest} `)
  assert.equal(taken.statusCode, 201)
  assert.equal(refused.statusCode, 413)
  assert.equal(refused.json().code, 'BODY_TOO_LARGE')
  assert.equal(refused.json().detail, 'The body may have 48384 bytes at most')
})

test('takes a change of 16384 bytes and refuses one more by 413', async (t) => {
  const { server } = await startTestServer(t)
  const change = '{"orderId":"ORD-1","status":"shipped"}'
  const longest = change + ' '.repeat(16_384 - change.length)
  assert.equal((await putOrder(server, longest)).statusCode, 200)
  const refused = await putOrder(server, `${longest} `)
  assert.equal(refused.statusCode, 413)
  assert.equal(refused.json().detail, 'The body may have 16384 bytes at most')
})

/** Of a body with one order and so many values more, in an unknown field. */
function withValues(order: string, valueCount: number, value = '{}'): string {
  return order.replace(/\}$/u, `,"z":[${Array(valueCount).fill(value).join()}]}`)
}

test('takes a body with a value for each 24 bytes that it may have, and none with more', async (t) => {
  const { server } = await startTestServer(t, { settings: { maxItemsPerOrder: 10 } })
  // The order has four: itself, two fields and the list.
  const most = Math.floor(48_384 / 24) - 4
  assert.equal((await postOrder(server, withValues(VALID, most))).statusCode, 201)
  for (const value of ['{}', '[]', '1', '"a"', '{"a":1}']) {
    const refused = await postOrder(server, withValues(VALID, most + 1, value))
    assert.equal(refused.statusCode, 413)
    assert.equal(refused.json().detail, 'The body may hold 2016 values at most')
  }
  const change = '{"orderId":"ORD-1","status":"shipped"}'
  assert.equal((await putOrder(server, withValues(change, 670))).statusCode, 200)
  assert.equal((await putOrder(server, withValues(change, 700))).statusCode, 413)
})

test('takes 4000 numbers of 16 digits or more, and no more', async (t) => {
  const { server } = await startTestServer(t)
  const most = withValues(VALID, 4_000, '0.1234567890123456100')
  assert.equal((await postOrder(server, most)).statusCode, 201)
  const refused = await postOrder(server, withValues(VALID, 4_001, '0.1234567890123456100'))
  assert.equal(refused.statusCode, 413)
  assert.equal(refused.json().detail, 'The body may hold 4000 numbers of 16 digits or more')
})

test('what a string holds is no value', async (t) => {
  const { server } = await startTestServer(t)
  const text = JSON.stringify('[{,"\\'.repeat(3_000))
  const order = VALID.replace(/\}$/u, `,"customerId":"C","z":${text}}`)
  assert.equal((await postOrder(server, order)).statusCode, 201)
})

for (const character of ['x', '名', '😀', String.raw`\u0431`, String.raw`\ud83d\ude00`]) {
  test(`takes an order of the most items there may be, with names of 255 × ${character}`, async (t) => {
    const { server } = await startTestServer(t)
    const item = { itemId: 'NAME', quantity: 2_147_483_647, price: 99.99 }
    const items = Array.from({ length: 100 }, () => item)
    const body = JSON.stringify({ orderId: 'ORD-1', items }, undefined, 4)
    const named = body.replaceAll('NAME', () => character.repeat(255))
    assert.equal((await postOrder(server, named)).statusCode, 201)
  })
}

const NUMBERS = [
  ['19.99', 19.99],
  ['19.9900000000000000000', 19.99],
  ['0000.0', undefined],
  ['0.0000000000000000000000010', 1e-24],
  ['1999000000000000000000e-20', 19.99],
  ['100000000000000000000000', 1e23],
  ['1e400', Infinity],
  ['1e-1234567890123456789', 0],
  ['-0.0000000000000000', -0],
] as const

for (const [text, value] of NUMBERS) {
  test(`reads the number ${text} as ${value ?? 'no JSON'}`, () => {
    if (value === undefined) assert.throws(() => parseExactly(`[${text}]`), SyntaxError)
    else assert.deepEqual(parseExactly(`[${text}]`), [value])
  })
}

test('finds a number that would lose digits wherever it stands, and no text that looks like one', () => {
  const number = '70368744177664.01'
  const name = String.raw`"\"${number}\\",[${number}`
  const read = parseExactly(
    `{"__proto__":${number},"a":[[{"b":-${number}}],${JSON.stringify(name)},1234567890123456,1e-1234567890123456789]}`,
  ) as { readonly a: unknown }
  assert.deepEqual(read.a, [
    [{ b: new InexactNumber(`-${number}`) }],
    name,
    1_234_567_890_123_456,
    0,
  ])
  assert.deepEqual(Object.entries(read)[0], ['__proto__', new InexactNumber(number)])
})

test('reads numbers that would lose digits in JSON that is nested as deep as it can be', () => {
  const deep = `${'['.repeat(50_000)}70368744177664.01${']'.repeat(50_000)}`
  let read = parseExactly(deep)
  while (Array.isArray(read)) [read] = read as [unknown]
  assert.deepEqual(read, new InexactNumber('70368744177664.01'))
})

test('compares the digits of a long number in a time that grows with its length alone', () => {
  const text = `1${'0'.repeat(300_000)}1e-300001`
  const read = parseExactly(`{"a":${text},"b":"${'9'.repeat(20)}"}`)
  assert.deepEqual(read, { a: new InexactNumber(text), b: '9'.repeat(20) })
})

for (const [body, shown] of [
  ['[1,2]', '[1,2]'],
  ['null', 'null'],
  ['"ORD-1"', '"ORD-1"'],
] as const) {
  test(`refuses the body ${body}, which is no object, by 400`, async (t) => {
    const { server } = await startTestServer(t)
    const response = await putOrder(server, body)
    const message = `body must be a JSON object, got ${shown}`
    assert.equal(response.statusCode, 400)
    assert.deepEqual(response.json().errors, [{ field: 'body', message }])
  })
}
