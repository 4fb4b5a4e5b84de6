import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { suite, test } from 'node:test'
import { ResponseParser } from '../../../bench/overload/response-parser.ts'

const CREATED = answerOf('201 Created', '{"success":true,"code":"NOT_READ","data":{"orderId":"1"}}')

const FULL_BODY = JSON.stringify({
  success: false,
  detail: 'the text may say "code":"OTHER" and "outcome":"unknown"',
  code: 'SERVICE_FULL',
  outcome: 'not-applied',
})

function answerOf(status: string, body: string, headers = ''): Buffer {
  const length = Buffer.byteLength(body)
  return Buffer.from(`HTTP/1.1 ${status}\r\n${headers}Content-Length: ${length}\r\n\r\n${body}`)
}

suite('the answers that the overload bench reads', () => {
  test('a success has its status alone', () => {
    assert.deepEqual(new ResponseParser().take(CREATED), {
      status: 201,
      code: undefined,
      outcome: undefined,
      isLast: false,
    })
  })

  test('a refusal has its code and outcome, whatever its text says', () => {
    const bytes = answerOf('503 Service Unavailable', FULL_BODY, 'connection: close\r\n')
    assert.deepEqual(new ResponseParser().take(bytes), {
      status: 503,
      code: 'SERVICE_FULL',
      outcome: 'not-applied',
      isLast: true,
    })
  })

  test('an answer is whole at its last byte, however it is cut, and the next one is read anew', () => {
    const bytes = answerOf('503 Service Unavailable', FULL_BODY)
    const parser = new ResponseParser()
    // One buffer for all reads, as the connections have it.
    const chunk = Buffer.alloc(1)
    for (let round = 0; round < 2; round += 1) {
      for (let at = 0; at < bytes.length; at += 1) {
        bytes.copy(chunk, 0, at, at + 1)
        const answer = parser.take(chunk)
        if (at < bytes.length - 1) assert.equal(answer, undefined)
        else assert.equal(answer?.code, 'SERVICE_FULL')
      }
    }
  })

  test('bytes beyond one answer are an error', () => {
    assert.throws(() => new ResponseParser().take(Buffer.concat([CREATED, CREATED])), /more bytes/)
  })

  const others = [
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
    'SSH-2.0-Open\r\ncontent-length: 0\r\n\r\n',
  ]
  for (const other of others) {
    test(`not an answer with a length: ${JSON.stringify(other)}`, () => {
      assert.throws(() => new ResponseParser().take(Buffer.from(other)), /not an answer/)
    })
  }
})
