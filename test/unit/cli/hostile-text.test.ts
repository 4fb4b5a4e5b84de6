import assert from 'node:assert/strict'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { COMMANDS, runCart } from '../../../src/cli/commands.ts'

/** A terminal obeys it, or a person does not see it. */
const NASTY = '\u{1b}[2J\u{9b}31m\u{202e}\r'

const CLI = fileURLToPath(new URL('../../../src/cli/', import.meta.url))

async function run(...words: string[]) {
  const lines: string[] = []
  const print = (line: string): void => void lines.push(line)
  const code = await runCart(words, { out: print, progress: print })
  return { code, lines }
}

function assertVisible(lines: readonly string[]): void {
  assert.ok(lines.some((line) => line.includes(String.raw`\u001b[2J\u009b31m\u202e`)))
  for (const line of lines) assert.equal(/[\p{C}\p{Zl}\p{Zp}]/u.test(line), false, line)
}

/** A service that answers every request with this. */
async function serve(t: TestContext, status: number, answer: unknown): Promise<string> {
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer))
  })
  t.after(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

test('every command writes out what it is called with', async () => {
  for (const name of Object.keys(COMMANDS)) {
    const { code, lines } = await run(...name.split(' '), `--${NASTY}`)
    assert.equal(code, 2, name)
    assertVisible(lines)
  }
  assertVisible((await run(NASTY)).lines)
})

test('a problem that a service answers is written out', async (t) => {
  const url = await serve(t, 409, { code: `X${NASTY}`, detail: `no ${NASTY} no` })
  assertVisible((await run('create', 'ORD-1', '--url', url)).lines)
  assertVisible((await run('update', 'ORD-1', 'shipped', '--url', url)).lines)
  assertVisible((await run('create', 'ORD-1', '--url', url, '--json')).lines)
  assertVisible((await run('demo', '--for', '1s', '--url', url)).lines)
})

test('an order that a service answers is written out', async (t) => {
  const items = [{ itemId: NASTY, quantity: 1, price: 1 }]
  const data = { orderId: NASTY, status: NASTY, items, totalAmount: 1, currency: NASTY }
  const url = await serve(t, 201, { data })
  assertVisible((await run('create', 'ORD-1', '--url', url)).lines)
  assertVisible((await run('update', 'ORD-1', 'shipped', '--url', url)).lines)
})

test('nothing of the command line writes to a terminal but the place that all lines go through', () => {
  const writers = globSync('**/*.ts', { cwd: CLI })
    .filter((file) => file !== 'terminal.ts')
    .filter((file) =>
      /\b(?:stdout|stderr)\.write|console\./u.test(readFileSync(CLI + file, 'utf8')),
    )
  assert.deepEqual(writers, [])
})
