import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPlainChange } from '../../../../src/api/admission/plain-change.ts'

const BODY = '{"orderId":"ORD-1","numItems":1}'

function request({
  line = 'POST /api/create-order HTTP/1.1',
  headers = ['Host: cart', `Content-Length: ${BODY.length}`],
  body = BODY,
} = {}): Buffer {
  return Buffer.from([line, ...headers, '', body].join('\r\n'), 'latin1')
}

function withHeader(...more: readonly string[]): Buffer {
  return request({ headers: ['Host: cart', `Content-Length: ${BODY.length}`, ...more] })
}

test('reads the host and whether there is a retry key, whatever the case of names', () => {
  assert.deepEqual(readPlainChange(request()), {
    method: 'POST',
    path: '/api/create-order',
    host: 'cart',
    hasRetryKey: false,
  })
  const keyed = request({
    line: 'PUT /api/update-order HTTP/1.1',
    headers: [
      'HOST:cart:3000',
      'idempotency-key: k-1',
      'Connection: Keep-Alive',
      'User-Agent: curl/8 (a; b)',
      'content-length: 32',
    ],
  })
  assert.deepEqual(readPlainChange(keyed), {
    method: 'PUT',
    path: '/api/update-order',
    host: 'cart:3000',
    hasRetryKey: true,
  })
})

const OTHERS: Readonly<Record<string, Buffer>> = {
  'another path': request({ line: 'POST /api/create-order?x HTTP/1.1' }),
  'another method': request({ line: 'GET /api/create-order HTTP/1.1' }),
  'another version': request({ line: 'POST /api/create-order HTTP/1.0' }),
  'an absolute form': request({ line: 'POST http://cart/api/create-order HTTP/1.1' }),
  'no host': request({ headers: [`Content-Length: ${BODY.length}`] }),
  'two hosts': withHeader('host: other'),
  'no length': request({ headers: ['Host: cart'] }),
  'two lengths': withHeader(`content-length: ${BODY.length}`),
  'a length that is a list': request({ headers: ['Host: cart', 'Content-Length: 32, 32'] }),
  'a length with a sign': request({ headers: ['Host: cart', 'Content-Length: +32'] }),
  chunks: withHeader('Transfer-Encoding: chunked'),
  'an expectation': withHeader('Expect: 100-continue'),
  'an origin': withHeader('Origin: http://page'),
  'another protocol': withHeader('Upgrade: h2c'),
  'the last request': withHeader('Connection: close'),
  'the last request of an old proxy': withHeader('Proxy-Connection: close'),
  'a folded line': withHeader('X-A: 1', ' folded'),
  'a space before the colon': withHeader('Transfer-Encoding : chunked'),
  'a bare LF': withHeader('X-A: 1\nTransfer-Encoding: chunked'),
  'a bare CR': withHeader('X-A: 1\rTransfer-Encoding: chunked'),
  'NUL in a value': withHeader('X-A: \u0000'),
  'a byte above ASCII': withHeader('X-A: \u00e9'),
  'a name that is none': withHeader('X(A): 1'),
  'a head without end': Buffer.from('POST /api/create-order HTTP/1.1\r\nHost: cart\r\n'),
  'a long head': withHeader(`X-A: ${'a'.repeat(5_000)}`),
  'less than the body': request({ body: BODY.slice(1) }),
  'more than the body': request({ body: `${BODY} ` }),
  'a request behind it': Buffer.concat([request(), request()]),
  nothing: Buffer.alloc(0),
}

for (const [name, bytes] of Object.entries(OTHERS)) {
  test(`leaves ${name} to the parser`, () => {
    assert.equal(readPlainChange(bytes), undefined)
  })
}
