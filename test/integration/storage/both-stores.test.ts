import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { STATUS_POLICIES } from '../../../src/business/order/order-status.ts'
import { openPostgresStore } from '../../../src/service/storage/postgres/store.ts'
import { openSqliteStore } from '../../../src/service/storage/sqlite/store.ts'
import { startPostgresCluster } from '../../support/postgres-cluster.ts'
import { createTestSchema } from '../../support/postgres-schema.ts'
import type { GeneratedRequest } from '../../support/generated-requests.ts'
import { requestSequences } from '../../support/request-sequences.ts'
import {
  startServiceOnStore,
  type Answer,
  type ServiceOnStore,
} from '../../support/service-on-store.ts'

/** The same requests to a service on SQLite and to one on PostgreSQL get the same answers, byte by byte. */

const RUNS = 40

/** A failure is told within the test's own time, however far its requests could still be shrunk. */
const TIME_MS_MAX = 200_000

/** Longer than the test. */
const LEASE_MS = 600_000

/** Requests of one instant have orders of one date, which are told apart by their ids. */
const REQUESTS_PER_INSTANT = 3

/** Without what is made anew for each answer, by the clocks of the databases and by their counts. */
function toComparable({ statusCode, headers, body }: Answer) {
  const { date: _, 'x-request-id': requestId, ...compared } = headers
  return {
    statusCode,
    headers: compared,
    body: body
      .replaceAll(String(requestId), '<request id>')
      .replaceAll(/"settledAt":"[^"]{24}"/g, '"settledAt":"<time>"')
      .replaceAll(/"until":"\d+-\d+"/g, '"until":"<place>"'),
  }
}

/** Of one service: what its answers gave for the next requests, in their order. */
class Findings {
  /** Of lists. */
  readonly #cursors: string[] = []
  /** Of the stream; each store counts them in its own way. */
  readonly #eventIds: string[] = []

  keepFrom({ headers, body, eventIds = [] }: Answer): void {
    this.#eventIds.push(...eventIds)
    if (!String(headers['content-type']).startsWith('application/json') || body === '') return
    const { nextCursor } = JSON.parse(body) as { nextCursor?: string | null }
    if (typeof nextCursor === 'string') this.#cursors.push(nextCursor)
  }

  addTo(request: GeneratedRequest): GeneratedRequest {
    const { cursor, lastEvent, url, headers } = request
    if (cursor !== undefined && this.#cursors.length > 0) {
      return { ...request, url: `${url}&cursor=${this.#cursors[cursor % this.#cursors.length]}` }
    }
    if (lastEvent === undefined || this.#eventIds.length === 0) return request
    const id = this.#eventIds[lastEvent.index % this.#eventIds.length] ?? ''
    return lastEvent.in === 'header'
      ? { ...request, headers: { ...headers, 'last-event-id': id } }
      : { ...request, url: `${url.replace(/&lastEventId=[^&]*/, '')}&lastEventId=${id}` }
  }
}

/** Of an answer that says that an order was changed: the order and its version, which no other one has. */
function changeIn({ method }: GeneratedRequest, { statusCode, headers, body }: Answer): string[] {
  if (!['POST', 'PUT'].includes(method) || ![200, 201].includes(statusCode)) return []
  const { data } = JSON.parse(body) as { data: { orderId?: string; order?: { orderId: string } } }
  return [JSON.stringify([data.orderId ?? data.order?.orderId, headers['etag']])]
}

/** Returns how many changes were carried out. */
async function compareAnswers(
  services: readonly [ServiceOnStore, ServiceOnStore],
  requests: readonly GeneratedRequest[],
): Promise<number> {
  const findings = [new Findings(), new Findings()] as const
  const changes = new Set<string>()
  for (const [index, request] of requests.entries()) {
    const instant = Math.floor(index / REQUESTS_PER_INSTANT)
    const [one, other] = await Promise.all([
      services[0].ask(findings[0].addTo(request), instant),
      services[1].ask(findings[1].addTo(request), instant),
    ])
    const { method, url, headers, payload = '' } = findings[0].addTo(request)
    const what = `${method} ${url} ${JSON.stringify(headers)} ${payload}`
    assert.deepEqual(toComparable(other), toComparable(one), what)
    assert.ok(one.statusCode < 500, `${what} is answered ${one.statusCode} by both`)
    for (const change of changeIn(request, one)) changes.add(change)
    findings[0].keepFrom(one)
    findings[1].keepFrom(other)
  }
  return changes.size
}

/** The whole stream, read at the end of each sequence; of the last events there are never more. */
const STARTS = ['beginning', 'recent']

test('SQLite and PostgreSQL answer the same requests by the same bytes, on all operations', async (t) => {
  // A reader of the stream waits for the transactions of the whole cluster, those of other tests among them.
  const cluster = await startPostgresCluster()
  t.after(() => cluster.close())
  const schema = await createTestSchema(cluster.url)
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
      await services[0].begin(sqlite, statusPolicy)
      await services[1].begin(postgres, statusPolicy)
      const changeCount = await compareAnswers(services, requests)
      for (const from of STARTS) {
        const url = `/api/events/stream?from=${from}`
        const [one, other] = await Promise.all(
          services.map((service) =>
            service.ask({ method: 'GET', url, headers: {} }, requests.length),
          ),
        )
        assert.ok(one && other)
        assert.deepEqual(toComparable(other), toComparable(one))
        // Where the last events end is an event, too.
        assert.equal(one.eventIds?.length, changeCount + Number(from === 'recent'))
      }
    },
  )
  await fc.assert(property, {
    numRuns: RUNS,
    interruptAfterTimeLimit: TIME_MS_MAX,
    markInterruptAsFailure: true,
  })
})
