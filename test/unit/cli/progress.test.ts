import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import { runCart } from '../../../src/cli/commands.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** Nothing listens there. */
const NOWHERE = '127.0.0.1:1'

/** The lines that the command writes over on a terminal, in turn. */
async function statusLinesOf(...words: string[]): Promise<string[]> {
  const lines: string[] = []
  await runCart(words, { out() {}, progress() {}, status: (line) => lines.push(line) })
  return lines
}

async function serve(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

/** As if each look at the clock were a second after the last one. */
function slowDown(t: TestContext): void {
  let nowMs = performance.now()
  t.mock.method(performance, 'now', () => (nowMs += 1_000))
}

/** All commands of this file, those with an address of their own excepted. */
async function pointNowhere(t: TestContext): Promise<void> {
  process.env['KAFKA_BOOTSTRAP_SERVERS'] = NOWHERE
  process.env['SCHEMA_REGISTRY_URL'] = `http://${NOWHERE}`
  process.env['DATABASE_URL'] = `sqlite:${join(await temporaryFolder(t), 'cart.db')}`
  process.env['API_PORT'] = '1'
}

test('the doctor names the checks that have no result yet', async (t) => {
  await pointNowhere(t)
  const lines = await statusLinesOf('doctor')
  const checks = ['kafka', 'registry', 'store', 'store and topic', 'callers', 'service']
  for (const check of checks) {
    assert.ok(
      lines.some((line) => line.startsWith('checking: ') && line.includes(check)),
      check,
    )
  }
  assert.equal(lines.at(-1), '')
})

test('a backup says which file it writes', async (t) => {
  await pointNowhere(t)
  const file = join(await temporaryFolder(t), 'backup.db')
  assert.deepEqual(await statusLinesOf('backup', file), [`copying to ${file}`, ''])
})

test('a long list says how many orders it has', async (t) => {
  slowDown(t)
  const url = await serve(t, (request, response) => {
    const isFirst = request.url?.includes('cursor') === false
    response.setHeader('content-type', 'application/x-ndjson')
    if (isFirst) response.setHeader('link', '<?cursor=2>; rel="next"')
    response.end('{}\n{}\n')
  })
  const lines = await statusLinesOf('list', '--all', '--format', 'ndjson', '--url', url)
  assert.deepEqual(lines, ['orders: 2', 'orders: 4', ''])
})

test('an erasure that prints at its end alone says how far it is', async (t) => {
  slowDown(t)
  const url = await serve(t, (request, response) => {
    request.resume()
    response.setHeader('content-type', 'application/json')
    const data =
      request.method === 'GET'
        ? [{ orderId: 'ORD-1' }, { orderId: 'ORD-2' }]
        : { version: 3, tombstone: 'written' }
    response.end(JSON.stringify({ data, nextCursor: null }))
  })
  assert.deepEqual(await statusLinesOf('erase', '--customer', 'CUST-1', '--json', '--url', url), [
    'orders found: 2',
    'orders: 1 of 2 (50 %)',
    'orders: 2 of 2 (100 %)',
    '',
  ])
})
