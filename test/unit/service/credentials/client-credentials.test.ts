import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { fetchToken } from '../../../../src/service/credentials/client-credentials.ts'

const SECRET = 'hush hush'

async function startEndpoint(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
}

async function reasonOf(endpointUrl: string): Promise<string> {
  const clientSecret = { kind: 'text', text: SECRET } as const
  const credentials = { endpointUrl, clientId: 'cart', clientSecret, scope: undefined }
  return fetchToken(credentials).then(
    () => 'a token',
    (error: Error) => error.message.replace(`the token endpoint ${endpointUrl} `, ''),
  )
}

test('an identity provider that is too slow is left after five seconds', async (t) => {
  const late = new AbortController()
  const timeout = t.mock.method(AbortSignal, 'timeout', () => late.signal)
  const url = await startEndpoint(t, () => late.abort(new DOMException('', 'TimeoutError')))
  assert.equal(await reasonOf(url), 'cannot be asked (no answer within 5000 ms)')
  assert.deepEqual(timeout.mock.calls[0]?.arguments, [5_000])
})

const WRONG: ReadonlyArray<readonly [what: string, answer: RequestListener, reason: string]> = [
  ['a page', (_, answer) => answer.end('<html>'), 'answered without a token'],
  [
    'a token with a line break',
    (_, answer) => answer.end('{"access_token":"a\\nb"}'),
    'answered without a token',
  ],
  [
    'too much',
    (_, answer) => answer.end('x'.repeat(262_145)),
    'cannot be asked (its answer has more than 262144 bytes)',
  ],
  [
    'another address, where the secret would be shown',
    (_, answer) => answer.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
    'answered 307',
  ],
  [
    'an error, and words of its own',
    (_, answer) => answer.writeHead(400).end('{"error":"invalid_scope","error_description":"x"}'),
    'answered 400 (invalid_scope)',
  ],
  ['nothing', ({ socket }) => socket.destroy(), 'cannot be asked (UND_ERR_SOCKET)'],
]
for (const [what, answer, reason] of WRONG) {
  test(`an identity provider that answers with ${what} gives no token, and the reason says why`, async (t) => {
    const said = await reasonOf(await startEndpoint(t, answer))
    assert.equal(said, reason)
    assert.ok(!said.includes(SECRET))
  })
}
