import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { LightMyRequestResponse } from 'fastify'
import { STATUS_POLICIES } from '../../src/business/order/order-status.ts'
import { openPostgresStore } from '../../src/service/storage/postgres/store.ts'
import { openSqliteStore } from '../../src/service/storage/sqlite/store.ts'
import { openEventStream } from '../support/event-stream.ts'
import { createTestSchema } from '../support/postgres-schema.ts'
import { requestSequences, type GeneratedRequest } from '../support/request-sequences.ts'
import { startServiceOnStore, type ServiceOnStore } from '../support/service-on-store.ts'
import { until } from '../support/until.ts'

/** The same requests to a service on SQLite and to one on PostgreSQL get the same answers, byte by byte. */

const RUNS = 60

/** Longer than the test. */
const LEASE_MS = 600_000

/** Requests of one instant have orders of one date, which are told apart by their ids. */
const REQUESTS_PER_INSTANT = 3

/** What is made anew for each answer, and by the clocks of the databases. */
function toComparable({ statusCode, headers, body }: LightMyRequestResponse) {
  const { date: _, 'x-request-id': requestId, ...compared } = headers
  return {
    statusCode,
    headers: compared,
    body: withoutTimes(body.replaceAll(String(requestId), '<request id>')),
  }
}

function withoutTimes(text: string): string {
  return text.replaceAll(/"settledAt":"[^"]{24}"/g, '"settledAt":"<time>"')
}

/** The cursors that lists gave, in the order of the answers. */
class Cursors {
  readonly #found: string[] = []

  keepFrom({ headers, body }: LightMyRequestResponse): void {
    if (!String(headers['content-type']).startsWith('application/json') || body === '') return
    const { nextCursor } = JSON.parse(body) as { nextCursor?: string | null }
    if (typeof nextCursor === 'string') this.#found.push(nextCursor)
  }

  addTo(request: GeneratedRequest): GeneratedRequest {
    const { cursor, url } = request
    if (cursor === undefined || this.#found.length === 0) return request
    return { ...request, url: `${url}&cursor=${this.#found[cursor % this.#found.length]}` }
  }
}

/** Returns how many changes were carried out. */
async function compareAnswers(
  services: readonly [ServiceOnStore, ServiceOnStore],
  requests: readonly GeneratedRequest[],
): Promise<number> {
  const cursors = new Cursors()
  let changeCount = 0
  for (const [index, generated] of requests.entries()) {
    const request = cursors.addTo(generated)
    const instant = Math.floor(index / REQUESTS_PER_INSTANT)
    const [one, other] = await Promise.all([
      services[0].ask(request, instant),
      services[1].ask(request, instant),
    ])
    const what = `${request.method} ${request.url} ${request.payload ?? ''}`
    assert.deepEqual(toComparable(other), toComparable(one), what)
    assert.ok(one.statusCode < 500, `${what} is answered ${one.statusCode} by both`)
    const isReplayed = one.headers['idempotent-replayed'] !== undefined
    if (request.payload !== undefined && one.statusCode < 300 && !isReplayed) changeCount += 1
    cursors.keepFrom(one)
  }
  return changeCount
}

/** Without the places, which each store counts in its own way. */
async function readStream({ url }: ServiceOnStore, eventCount: number): Promise<string[]> {
  const stream = await openEventStream(`${url}/api/events/stream?from=beginning`)
  await until(
    () => stream.events.length >= eventCount,
    () => `${eventCount} events are on the stream, not ${stream.events.length}`,
  )
  stream.close()
  return stream.events.map(({ event, data }) => withoutTimes(JSON.stringify([event, data])))
}

test('SQLite and PostgreSQL answer the same requests by the same bytes, the stream included', async (t) => {
  const schema = await createTestSchema()
  t.after(() => schema.drop())
  const postgres = await openPostgresStore({
    url: schema.url(),
    database: schema.name,
    leaseMs: LEASE_MS,
    mustBeDurable: true,
  })
  t.after(() => postgres.close())
  const services = [await startServiceOnStore(t), await startServiceOnStore(t)] as const

  const property = fc.asyncProperty(
    requestSequences,
    fc.constantFrom(...STATUS_POLICIES),
    async (requests, statusPolicy) => {
      const sqlite = await openSqliteStore({ path: ':memory:' })
      await using closing = new AsyncDisposableStack()
      closing.defer(() => sqlite.close())
      await schema.sql('TRUNCATE order_events, orders')
      services[0].begin(sqlite, statusPolicy)
      services[1].begin(postgres, statusPolicy)
      const changeCount = await compareAnswers(services, requests)
      const streams = await Promise.all(services.map((one) => readStream(one, changeCount)))
      assert.deepEqual(streams[1], streams[0])
      assert.equal(streams[0]?.length, changeCount)
    },
  )
  await fc.assert(property, { numRuns: RUNS, endOnFailure: false })
})
