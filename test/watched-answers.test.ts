import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, get, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { startTestServer } from './api/harness.ts'
import { secretsOf } from './support/secrets.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { watchAnswers } from './support/watched-answers.ts'

/** A service that tells secrets is found out by whatever test asks it, and in whatever way it asks. */

const PASSWORD = 'pa=ss#wo%rd$1'

const SETTINGS = { KAFKA_SASL_PASSWORD: PASSWORD }

const KEY = 'cart_shop_0123456789abcdef'

const headers = { authorization: `Bearer ${KEY}` }

type Ask = (port: number) => Promise<unknown>

const WAYS: Readonly<Record<string, Ask>> = {
  fetch: async (port) => (await fetch(`http://127.0.0.1:${port}/health`, { headers })).text(),
  'node:http': async (port) => {
    const [response] = await once(get({ port, path: '/health', headers }), 'response')
    return buffer(response)
  },
  'node:http, that reads nothing before it has all': async (port) => {
    const [response] = await once(get({ port, path: '/health', headers }), 'response')
    response.setEncoding('utf8')
    await once(response, 'readable')
    return buffer(response)
  },
}

/** Resolves when it has left, so that the next one comes as another piece. */
function write(response: ServerResponse, text: string): Promise<void> {
  return new Promise((resolve) => response.write(text, () => resolve()))
}

async function startTalker(t: TestContext, head: Record<string, string>, pieces: string[]) {
  const talk = async (response: ServerResponse): Promise<void> => {
    response.writeHead(200, head)
    for (const piece of pieces) await write(response, piece)
    response.end()
  }
  const server = createServer((_request, response) => void talk(response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { port, watched: watchAnswers(String(port), SETTINGS) }
}

for (const [name, ask] of Object.entries(WAYS)) {
  const hear = async (t: TestContext, ...pieces: string[]) => {
    const { port, watched } = await startTalker(t, {}, pieces)
    await ask(port)
    return watched
  }

  test(`a secret of the settings in an answer is found, also in two pieces: ${name}`, async (t) => {
    const whole = await hear(t, `reason: ${PASSWORD} is wrong`)
    assert.throws(() => whole.assertNoLeak(''), /the answer to \/health has pa=ss#wo%rd\$1/)
    const halved = await hear(t, 'reason: pa=ss#', 'wo%rd$1 is wrong')
    assert.throws(() => halved.assertNoLeak(''), /the answer to \/health has/)
  })

  test(`a credential that was shown is found in an answer and in the log: ${name}`, async (t) => {
    const answering = await hear(t, `{"you":"${KEY}"}`)
    assert.throws(() => answering.assertNoLeak(''), /has cart_shop_/)
    const logging = await hear(t, '{}')
    assert.throws(() => logging.assertNoLeak(`{"authorization":"Bearer ${KEY}"}`), /is shown in/)
    logging.assertNoLeak('{"principal":"api_key:shop"}')
  })
}

test('a secret in a header is found, and in what comes on a bare connection', async (t) => {
  const byFetch = await startTalker(t, { location: `/x?${PASSWORD}` }, [])
  await fetch(`http://127.0.0.1:${byFetch.port}/`, { redirect: 'manual' })
  assert.throws(() => byFetch.watched.assertNoLeak(''), /a connection to \d+ has pa=ss/)
  const bare = await startTalker(t, {}, [PASSWORD])
  const socket = connect(bare.port, '127.0.0.1')
  socket.write('GET / HTTP/1.0\r\n\r\n')
  await buffer(socket)
  assert.throws(() => bare.watched.assertNoLeak(''), /a connection to \d+ has pa=ss/)
})

test('a service within the process of its test is found out as well', async () => {
  const ends: (() => unknown)[] = []
  const { server } = await startTestServer({
    after: (end: () => unknown) => ends.push(end),
  } as never)
  server.get('/echo', { config: { access: 'open' } }, async () => headers)
  await server.inject({ url: '/echo', headers })
  await assert.rejects(Promise.all(ends.map((end) => end())), /the answer to \/echo has cart_shop_/)
})

function frame(what: string, text: string): string {
  return `-----BEGIN ${what}-----\n${text}\n-----END ${what}-----\n`
}

test('a secret is known in every form that it may be shown in, and lines of a private key are secrets', async (t) => {
  assert.deepEqual(secretsOf({ KAFKA_SASL_PASSWORD: 'a"b c' }), [
    'a"b c',
    String.raw`a\"b c`,
    'a%22b%20c',
  ])
  const folder = await temporaryFolder(t)
  const [first, last] = ['Mx'.repeat(32), 'Nx'.repeat(20)]
  const path = join(folder, 'both.pem')
  writeFileSync(
    path,
    frame('CERTIFICATE', 'Lx'.repeat(32)) + frame('EC PRIVATE KEY', `${first}\n${last}\n==`),
  )
  for (const name of ['API_TLS_KEY_FILE', 'KAFKA_SSL_KEY_LOCATION']) {
    assert.deepEqual(secretsOf({ [name]: path }), [first, last])
  }
})
