import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { watchAnswers } from './support/watched-answers.ts'

/** A service that tells secrets is found out by whatever test asks it. */

const SETTINGS = { KAFKA_SASL_PASSWORD: 'pa=ss#wo%rd$1' }

const KEY = 'cart_shop_0123456789abcdef'

/** Resolves when it has left, so that the next one comes as another piece. */
function write(response: ServerResponse, text: string): Promise<void> {
  return new Promise((resolve) => response.write(text, () => resolve()))
}

async function startTalker(t: TestContext, ...pieces: readonly string[]) {
  const talk = async (response: ServerResponse): Promise<void> => {
    for (const piece of pieces) await write(response, piece)
    response.end()
  }
  const server = createServer((_request, response) => void talk(response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const watched = watchAnswers(String(port), SETTINGS)
  const headers = { authorization: `Bearer ${KEY}` }
  await (await fetch(`http://127.0.0.1:${port}/health`, { headers })).text()
  return watched
}

test('a secret of the settings in an answer is found, also in two pieces', async (t) => {
  const whole = await startTalker(t, 'reason: pa=ss#wo%rd$1 is wrong')
  assert.throws(() => whole.assertNoLeak(''), /the answer to \/health has pa=ss#wo%rd\$1/)
  const halved = await startTalker(t, 'reason: pa=ss#', 'wo%rd$1 is wrong')
  assert.throws(() => halved.assertNoLeak(''), /the answer to \/health has/)
})

test('a credential that was shown is found in an answer and in the log', async (t) => {
  const answering = await startTalker(t, `{"you":"${KEY}"}`)
  assert.throws(() => answering.assertNoLeak(''), /has cart_shop_/)
  const logging = await startTalker(t, '{}')
  assert.throws(() => logging.assertNoLeak(`{"authorization":"Bearer ${KEY}"}`), /is shown in/)
  logging.assertNoLeak('{"principal":"api_key:shop"}')
})
