import assert from 'node:assert/strict'
import { exec, execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import process from 'node:process'
import { json } from 'node:stream/consumers'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FakeRegistry } from '../support/fake-registry.ts'
import { orderSchemaFile } from '../../src/service/schema-registry/order-codec.ts'
import { runCart, startCart } from '../support/cart-command.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

/** What `cart` sends and prints; the service is a stand-in that answers what it is told. */

const LAUNCHER = fileURLToPath(new URL('../../bin/cart.mjs', import.meta.url))

interface Seen {
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
}

class StandIn {
  readonly seen: Seen[] = []
  /** Undefined: no answer. */
  answer: { readonly status: number; readonly body: object } | undefined
  readonly #server = createServer((request, response) => {
    void this.#note(request).then(() => {
      if (this.answer === undefined) return
      response.writeHead(this.answer.status).end(JSON.stringify(this.answer.body))
    })
  })

  async start(): Promise<void> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await this.#server[Symbol.asyncDispose]()
  }

  async #note(request: IncomingMessage): Promise<void> {
    this.seen.push({ headers: request.headers, body: await json(request) })
  }
}

const UNKNOWN = {
  status: 503,
  body: { code: 'KAFKA_UNAVAILABLE', detail: 'in doubt', outcome: 'unknown' },
}

async function startStandIn(): Promise<StandIn> {
  const service = new StandIn()
  service.answer = UNKNOWN
  await service.start()
  return service
}

interface Answer {
  readonly kind: string
  readonly outcome: string
  readonly orderId: string
  readonly idempotencyKey: string
  readonly again: string
}

/**
 * In a shell, as a person would paste it; the launcher takes long, because it starts two processes. The
 * stand-in never says that it is done, so the command ends with 2.
 */
function paste(command: string, folder: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { PATH: `${dirname(process.execPath)}:${process.env['PATH']}` }
    const options = { cwd: folder, env, timeout: 120_000, shell: '/bin/bash' }
    exec(command, options, (error, stdout, stderr) => {
      if (error?.code === 2) resolve(stdout)
      else reject(new Error(`${command}\nended with ${error?.code}: ${stdout}${stderr}`))
    })
  })
}

suite('cart create', () => {
  test('sends what its options say', async () => {
    await using service = await startStandIn()
    const order = ['--customer', 'CUST-1', '--currency', 'eur', '--date', '2026-01-31T13:00+01:00']
    const items = ['--item', 'LAPTOP:1:499.99', '--item', 'urn:item:7:2:24.5']
    await runCart(['create', 'A', ...order, ...items, '--key', 'K', '--url', service.url], {})
    const [seen] = service.seen
    assert.equal(seen?.headers['idempotency-key'], 'K')
    assert.deepEqual(seen.body, {
      orderId: 'A',
      customerId: 'CUST-1',
      orderDate: '2026-01-31T13:00+01:00',
      currency: 'eur',
      items: [
        { itemId: 'LAPTOP', quantity: 1, price: 499.99 },
        { itemId: 'urn:item:7', quantity: 2, price: 24.5 },
      ],
    })
  })

  test('sends a file as it is, from where the caller is, and stdin', async (t) => {
    await using service = await startStandIn()
    const folder = await temporaryFolder(t)
    const order = { orderId: 'F', numItems: 2, customerId: 'Ü' }
    await writeFile(`${folder}/order.json`, JSON.stringify(order))
    const env = { CART_CALLER_FOLDER: folder }
    const args = ['create', '--json', '--url', service.url, '--file']
    const result = JSON.parse((await runCart([...args, 'order.json'], env)).stdout) as Answer
    assert.equal(result.orderId, 'F')
    const command = `echo '${JSON.stringify(order)}' | ${process.execPath} ${LAUNCHER} ${args.join(' ')} -`
    const piped = JSON.parse(await paste(command, folder)) as Answer
    assert.equal(piped.orderId, 'F')
    assert.deepEqual(
      service.seen.map(({ body }) => body),
      [order, order],
    )
    const lost = await runCart([...args, 'nowhere.json'], env)
    assert.equal(lost.code, 2)
    assert.match(lost.stderr, /^nowhere\.json cannot be read: ENOENT/)
    const both = await runCart([...args, 'order.json', '--items', '2'], env)
    assert.equal(both.code, 2)
    assert.match(both.stderr, /^--file has the whole order/)
  })

  test('prints a command that makes the same request again, wherever it is pasted', async (t) => {
    await using service = await startStandIn()
    const folder = await temporaryFolder(t)
    const order = { orderId: "it's", numItems: 1, note: 'line\nbreak' }
    await writeFile(`${folder}/order.json`, JSON.stringify(order))
    const env = { CART_CALLER_FOLDER: folder }
    for (const args of [
      ['create', '--item', "it's $5:1:2.5", '--customer', 'C'],
      ['create', '--customer=-C', '--', '-A'],
      ['create', '--file', 'order.json'],
      ['update', 'two words', 'shipped'],
    ]) {
      service.seen.length = 0
      const [command = '', ...rest] = args
      const run = await runCart([command, '--json', '--url', service.url, ...rest], env)
      assert.equal(run.code, 2, run.stderr)
      const { again, idempotencyKey } = JSON.parse(run.stdout) as Answer
      await paste(again, folder)
      const [first, second] = service.seen
      assert.deepEqual(second?.body, first?.body, again)
      assert.equal(first?.headers['idempotency-key'], idempotencyKey)
      assert.equal(second?.headers['idempotency-key'], idempotencyKey)
    }
  })

  test('prints what came from stdin in the command', async (t) => {
    await using service = await startStandIn()
    const folder = await temporaryFolder(t)
    const order = { orderId: "it's", numItems: 1, note: 'a\nb %s' }
    const text = JSON.stringify(order, null, 2).replaceAll("'", String.raw`'\''`)
    const command = `printf '%s' '${text}' | ${process.execPath} ${LAUNCHER} create --json --file - --url ${service.url}`
    const { again } = JSON.parse(await paste(command, folder)) as Answer
    await paste(again, folder)
    assert.deepEqual(
      service.seen.map(({ body }) => body),
      [order, order],
    )
  })

  // It would wait longer than the test does.
  test('says the same when somebody ends it while it waits', { timeout: 30_000 }, async () => {
    await using service = await startStandIn()
    service.answer = undefined
    const env = { PUBLISH_TIMEOUT_MS: '60000' }
    await using waiting = startCart(['create', 'W', '--json', '--url', service.url], env)
    await until(() => service.seen.length === 1, 'the request has come')
    waiting.signal('SIGINT')
    assert.equal(await waiting.exited, 2)
    const result = JSON.parse(waiting.lines[0] ?? '') as Answer
    assert.deepEqual([result.kind, result.outcome, result.orderId], ['no-answer', 'unknown', 'W'])
    assert.equal(result.idempotencyKey, service.seen[0]?.headers['idempotency-key'])
    assert.ok(result.again.includes(result.idempotencyKey))
  })
})

test('cart schema check finds a file where the caller is', async (t) => {
  await using registry = await FakeRegistry.start()
  const folder = await temporaryFolder(t)
  await writeFile(`${folder}/order.avsc`, orderSchemaFile)
  const env = { SCHEMA_REGISTRY_URL: registry.url }
  const inside = await runCart(['schema', 'check', 'order.avsc'], {
    ...env,
    CART_CALLER_FOLDER: folder,
  })
  assert.equal(inside.code, 0, inside.stderr)
  const outside = await runCart(['schema', 'check', 'order.avsc'], env)
  assert.equal(outside.code, 2)
})

test('the launcher says where the caller is, also under npm run', async (t) => {
  await using registry = await FakeRegistry.start()
  const folder = await temporaryFolder(t)
  await writeFile(`${folder}/order.avsc`, orderSchemaFile)
  const check = (cwd: string, env: Record<string, string>): Promise<number> =>
    new Promise((resolve) => {
      const own = { PATH: process.env['PATH'], SCHEMA_REGISTRY_URL: registry.url, ...env }
      const args = [LAUNCHER, 'schema', 'check', 'order.avsc']
      execFile(process.execPath, args, { cwd, env: own, timeout: 120_000 }, (error) =>
        resolve(error === null ? 0 : Number(error.code)),
      )
    })
  assert.equal(await check(folder, {}), 0)
  const clone = dirname(dirname(LAUNCHER))
  assert.equal(await check(clone, { npm_lifecycle_event: 'cart', INIT_CWD: folder }), 0)
  // npx changes no folder, and INIT_CWD may be of something that runs npx.
  assert.equal(await check(folder, { npm_lifecycle_event: 'npx', INIT_CWD: clone }), 0)
})
