import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { findFreePort } from '../../dev-services/ports.ts'
import { runCart, startCart } from '../support/cart-command.ts'
import { freshSettings, startOwnService } from '../support/own-service.ts'
import { readTopic } from '../support/read-topic.ts'

interface Report {
  readonly sent: number
  readonly acknowledged: number
  readonly answers: Readonly<Record<string, number>>
  readonly ackTimes?: { readonly count: number }
}

suite('the command line as a client', () => {
  test('creates and updates orders, and says what a refusal means', async (t) => {
    const service = await startOwnService(t, freshSettings())
    const url = ['--url', service.url]
    const created = await runCart(['create', 'two words', '--items', '2', ...url], {})
    assert.equal(created.code, 0, created.stderr)
    assert.match(
      created.stdout,
      /^Order two words created: pending, [\d.]+ [A-Z]{3}\n( {2}ITEM-.*\n){2}$/,
    )
    const again = await runCart(['create', 'two words', ...url], {})
    assert.equal(again.code, 1)
    assert.match(again.stderr, /^409 ORDER_ALREADY_EXISTS: .*\nNothing happened/)
    const updated = await runCart(['update', 'two words', 'shipped', '--json', ...url], {})
    assert.equal(updated.code, 0)
    const { kind, order } = JSON.parse(updated.stdout) as {
      kind: string
      order: { status: string }
    }
    assert.deepEqual([kind, order.status], ['done', 'shipped'])
    const wrong = await runCart(['update', 'two words', 'lost', ...url], {})
    assert.equal(wrong.code, 1)
    assert.match(wrong.stderr, /^400 REQUEST_INVALID: status must be one of/)
    const replay = ['update', 'two words', 'delivered', '--json', '--key', 'k1', ...url]
    const first = await runCart(replay, {})
    assert.equal(first.code, 0, first.stdout)
    assert.equal((await runCart(['update', 'two words', 'pending', ...url], {})).code, 0)
    assert.equal((await runCart(replay, {})).stdout, first.stdout, 'carried out once')
    const unnamed = await runCart(['create', '--json', ...url], {})
    assert.match(unnamed.stdout, /"orderId":"ORD-\w+"/)
  })

  test('creates the order that its options bring, and names each field that is wrong', async (t) => {
    const service = await startOwnService(t, freshSettings())
    const order = ['--customer', 'CUST-1', '--currency', 'eur', '--date', '2026-01-31T13:00+01:00']
    const items = ['--item', 'LAPTOP:1:499.99', '--item', 'urn:item:7:2:24.5']
    const url = ['--url', service.url]
    const created = await runCart(['create', 'brought', ...order, ...items, '--json', ...url], {})
    assert.equal(created.code, 0, created.stderr)
    const answer = JSON.parse(created.stdout) as { order: Record<string, unknown> }
    assert.deepEqual(answer.order, {
      orderId: 'brought',
      customerId: 'CUST-1',
      orderDate: '2026-01-31T12:00:00.000Z',
      items: [
        { itemId: 'LAPTOP', quantity: 1, price: 499.99 },
        { itemId: 'urn:item:7', quantity: 2, price: 24.5 },
      ],
      totalAmount: 548.99,
      currency: 'EUR',
      status: 'pending',
    })
    const wrong = ['create', '', '--currency', 'EURO', '--item', 'A:two:1', '--item', 'B:1:free']
    const refused = await runCart([...wrong, ...url], {})
    assert.equal(refused.code, 1)
    for (const field of ['orderId', 'currency', 'items[0].quantity', 'items[1].price']) {
      assert.ok(refused.stderr.includes(`\n  ${field} must be `), refused.stderr)
    }
  })

  test('reads what is in the store: an order, its history, and lists by filters', async (t) => {
    const service = await startOwnService(t, freshSettings())
    const url = ['--url', service.url]
    const items = ['--currency', 'EUR', '--item', 'MOUSE:3:24.1']
    for (const id of ['a/b', 'a/c', 'd']) {
      assert.equal((await runCart(['create', id, ...items, ...url], {})).code, 0)
    }
    assert.equal((await runCart(['update', 'a/b', 'shipped', ...url], {})).code, 0)
    const shown = await runCart(['get', 'a/b', '--events', ...url], {})
    assert.equal(shown.code, 0, shown.stderr)
    assert.match(
      shown.stdout,
      /^Order a\/b: shipped, 72\.30 EUR\n.*version 2\n[^]* MOUSE +3 +24\.10 +72\.30\n[^]* v2 +status-changed +shipped /,
    )
    assert.equal((await runCart(['get', 'lost', ...url], {})).code, 1)
    const listed = await runCart(['list', '--order', 'a/', '--from', '1h', ...url], {})
    assert.match(listed.stdout, /^order +customer .*\na\/[bc] .*\na\/[bc] .*\n$/)
    const csv = await runCart(['list', '--status', 'pending', '--format', 'csv', ...url], {})
    assert.match(csv.stdout, /^orderId,.*\r\n(?:(?:a\/c|d),.*\r\n){2}$/)
  })

  test('says that nothing happened when nothing listens, and how to send it again', async () => {
    const env = { API_PORT: String(await findFreePort()), API_HOST: '127.0.0.1' }
    const { code, stderr } = await runCart(['create', "it's", '--items', '4'], env)
    assert.equal(code, 2)
    const lines = stderr.split('\n')
    assert.equal(lines[0], `http://127.0.0.1:${env.API_PORT} cannot be reached (ECONNREFUSED)`)
    assert.equal(lines[1], 'Nothing happened. Send it again:')
    const command = String.raw`  npx cart create 'it'\''s' --items 4 --key `
    assert.ok(lines[2]?.startsWith(command), stderr)
  })

  test('the demo acknowledges what is on the topic, and sums it up', async (t) => {
    const settings = freshSettings()
    const service = await startOwnService(t, settings)
    const args = ['demo', '--rate', '100', '--orders', '5', '--json', '--url', service.url]
    const { code, stdout, stderr } = await runCart(args, {})
    assert.equal(code, 0, stdout + stderr)
    const report = JSON.parse(stdout) as Report
    const records = await readTopic(settings.KAFKA_BOOTSTRAP_SERVERS, settings.KAFKA_TOPIC)
    assert.equal(report.acknowledged, records.length)
    assert.equal(report.answers['201'], 5)
    assert.equal(report.ackTimes?.count, records.length)
    const statuses = new Set(records.map(({ headers }) => headers['ce_type']))
    assert.equal(statuses.size, 2, 'orders are created and changed')
  })

  test('the demo ends on Ctrl-C with its summary', async (t) => {
    const settings = freshSettings()
    const service = await startOwnService(t, settings)
    await using demo = startCart(['demo', '--rate', '50', '--for', '10m', '--url', service.url], {})
    await using listen = startCart(['listen', '--from-beginning', '--limit', '3'], settings)
    assert.equal(await listen.exited, 0)
    demo.signal('SIGINT')
    assert.equal(await demo.exited, 0, demo.stderr())
    assert.match(demo.lines[0] ?? '', /^\d+ changes sent in [\d.]+ s, \d+ acknowledged$/)
    assert.match(demo.lines.at(-1) ?? '', /p50 [\d.]+ ms, p95/)
  })

  test('a demo of which nothing was acknowledged could not be done', async () => {
    const url = `http://127.0.0.1:${await findFreePort()}`
    const { code, stdout } = await runCart(
      ['demo', '--rate', '20', '--for', '200ms', '--url', url],
      {},
    )
    assert.equal(code, 2)
    assert.match(stdout, /, 0 acknowledged\n {2}no answer not-applied +\d+\n/)
  })
})
