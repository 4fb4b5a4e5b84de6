import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toOrderJson } from '../../src/api/schemas/order-json.ts'
import { CURRENCY_CODES, decimalsOf, isCurrency } from '../../src/models/money.ts'
import { decodeOrder } from '../../src/service/schema-registry/order-codec.ts'
import { REFUSED_CREATIONS, TAKEN_CREATIONS } from '../support/creation-table.ts'
import { freshSettings, startOwnService } from '../support/own-service.ts'
import { createTestSchema } from '../support/postgres-schema.ts'
import { readTopic } from '../support/read-topic.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

interface Answer {
  readonly status: number
  readonly body: {
    readonly data?: Readonly<Record<string, unknown>>
    readonly errors?: readonly { readonly field: string; readonly message: string }[]
  }
}

async function post(url: string, body: object | string): Promise<Answer> {
  const response = await fetch(`${url}/api/create-order`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

/** The smallest amount of each currency, thrice. */
const EVERY_CURRENCY = CURRENCY_CODES.filter(isCurrency).map((currency) => {
  const item = { itemId: 'ITEM-1', quantity: 3, price: 1 / 10 ** decimalsOf(currency) }
  const totalAmount = 3 / 10 ** decimalsOf(currency)
  const what = `the smallest amount of ${currency}`
  const body = { currency, items: [item], totalAmount }
  return { what, body, order: { currency, items: [item], totalAmount } }
})

for (const database of ['SQLite', 'PostgreSQL'] as const) {
  test(`an order that is brought is answered, stored and published as it is, on ${database}`, async (t) => {
    const schema = database === 'PostgreSQL' ? await createTestSchema() : undefined
    t.after(() => schema?.drop())
    const settings = freshSettings(schema?.url() ?? `sqlite:${await temporaryFolder(t)}/cart.db`)
    const { url } = await startOwnService(t, settings)

    for (const { what, body, errors } of REFUSED_CREATIONS) {
      const refused = await post(url, body)
      const told = refused.body.errors?.map(({ field, message }) => [field, message]) ?? []
      assert.equal(refused.status, 400, what)
      assert.deepEqual(Object.fromEntries(told), errors, what)
    }

    const created: Readonly<Record<string, unknown>>[] = []
    for (const [index, { what, body, order }] of [
      ...TAKEN_CREATIONS,
      ...EVERY_CURRENCY,
    ].entries()) {
      const orderId = `ORD-${index}`
      const { status, body: answer } = await post(url, { orderId, ...body })
      assert.equal(status, 201, what)
      const { data = {} } = answer
      for (const [field, value] of Object.entries(order)) {
        assert.deepEqual(data[field], value, `${what}: ${field}`)
      }
      const read = await fetch(`${url}/api/orders/${orderId}`)
      assert.deepEqual(((await read.json()) as Answer['body']).data, data, what)
      created.push(data)
    }

    const records = await readTopic(settings.KAFKA_BOOTSTRAP_SERVERS, settings.KAFKA_TOPIC)
    const published = records.map(({ value }) => toOrderJson(decodeOrder(value).order))
    const byId = new Map(published.map((order) => [order.orderId, order]))
    assert.deepEqual(
      created.map(({ orderId }) => byId.get(String(orderId))),
      created,
    )
  })
}
