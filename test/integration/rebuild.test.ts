import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { suite, test, type TestContext } from 'node:test'
import { startOrderLoad } from '../fault/harness/order-load.ts'
import { runCart as cart } from '../support/cart-command.ts'
import { postgresToLose, sqliteToLose, type LostStore } from '../support/lost-store.ts'
import { freshSettings, startOwnService, type Settings } from '../support/own-service.ts'
import { spawnService } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

/** A store that is lost, or restored from a backup, is noticed, completed from the topic and used again. */

const BEFORE_BACKUP = 200
const CHANGES = 1_000

interface Lost {
  readonly settings: Settings
  readonly store: LostStore
  readonly facts: string
}

/** A backup under load by `cart backup`, 1,000 changes more, a clean stop; then nothing is pending. */
async function workAndBackUp(t: TestContext, store: LostStore, file: string): Promise<Lost> {
  const settings = freshSettings(store.url)
  const service = await startOwnService(t, settings)
  const load = startOrderLoad({ urls: [service.url] })
  t.after(() => load.stop())
  await until(() => load.journal.confirmedCount > BEFORE_BACKUP, 'the load runs')
  const backup = await cart(['backup', file], settings)
  assert.equal(backup.code, 0, backup.stderr)
  await store.copy()
  const enough = load.journal.confirmedCount + CHANGES
  await until(() => load.journal.confirmedCount >= enough, 'there are many changes')
  await load.stop()
  assert.equal((await service.end('SIGTERM')).code, 0, service.output())
  return { settings, store, facts: await store.facts() }
}

async function refuseToStart(settings: Settings): Promise<void> {
  const service = await spawnService(settings)
  assert.equal((await service.exited).code, 1, service.output())
  assert.match(service.output(), /lacks events of topic .*: version \d+ of order .* at \d+@\d+/)
  assert.match(service.output(), /cart rebuild/)
}

async function assertAgrees(settings: Settings): Promise<void> {
  const audit = await cart(['audit'], settings)
  assert.match(
    audit.stdout,
    /^Topic and store agree: \d+ events on the topic, \d+ in the store, 0 /,
  )
}

function versionOf(etag: string | null): number {
  return Number(/\d+/.exec(etag ?? '')?.[0])
}

/** Versions go on where they ended, and the audit agrees with that, too. */
async function useAgain(t: TestContext, settings: Settings, orderId: string): Promise<void> {
  const service = await startOwnService(t, settings)
  const read = async () => (await fetch(`${service.url}/api/orders/${orderId}`)).headers.get('etag')
  const before = versionOf(await read())
  // One change, however often a busy machine answers 503.
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() }
  const body = JSON.stringify({ orderId, status: 'cancelled' })
  const update = () => fetch(`${service.url}/api/update-order`, { method: 'PUT', headers, body })
  await until(async () => (await update()).status === 200, 'the order is changed')
  assert.equal(versionOf(await read()), before + 1)
  assert.equal((await service.end('SIGTERM')).code, 0)
  await assertAgrees(settings)
}

function someOrderId(facts: string): string {
  const [, orders] = JSON.parse(facts) as [unknown, Array<{ order_id: string }>]
  return orders[0]?.order_id ?? assert.fail('there is no order')
}

async function rebuildLost({ settings, store, facts }: Lost): Promise<void> {
  await store.lose()
  await refuseToStart(settings)
  const doctor = await cart(['doctor', '--json'], settings)
  const { findings } = JSON.parse(doctor.stdout) as { findings: Array<Record<string, string>> }
  const lag = findings.find(({ check }) => check === 'store and topic')
  assert.equal(lag?.['verdict'], 'problem', doctor.stdout)
  assert.equal(lag['command'], 'npx cart rebuild')

  const rehearsal = await cart(['rebuild', '--dry-run'], settings)
  assert.match(rehearsal.stdout, /^Nothing was changed/, rehearsal.stderr)
  const rebuild = await cart(['rebuild'], settings)
  assert.equal(rebuild.code, 0, rebuild.stdout + rebuild.stderr)
  assert.equal(await store.facts(), facts, 'ids, versions, offsets, bytes and all')
  await assertAgrees(settings)
  const again = await cart(['rebuild'], settings)
  assert.match(again.stdout, /Nothing was to be done/)
}

suite('a store that is lost', () => {
  test('is rebuilt from the topic on SQLite, and a backup is completed from it', async (t) => {
    const store = await sqliteToLose(t)
    const file = `${store.path}.backup`
    const lost = await workAndBackUp(t, store, file)
    const { settings, facts } = lost
    await rebuildLost(lost)

    await store.lose()
    const restored = await cart(['restore', file], settings)
    assert.equal(restored.code, 0, restored.stdout + restored.stderr)
    assert.equal(await store.facts(), facts)
    const occupied = await cart(['restore', file], settings)
    assert.equal(occupied.code, 2)
    assert.match(occupied.stderr, /move it away, and keep it/)

    await store.lose()
    await store.restoreCopy()
    await refuseToStart(settings)
    const busy = await startOwnService(t, { ...settings, STORE_BEHIND_TOPIC: 'accept' })
    assert.match(busy.output(), /lacks events of topic/)
    const inUse = await cart(['rebuild'], settings)
    assert.equal(inUse.code, 2)
    assert.match(inUse.stderr, /belongs to another running CartService/)
    await busy.end('SIGTERM')
    assert.equal((await cart(['rebuild'], settings)).code, 0)
    await useAgain(t, settings, someOrderId(facts))
  })

  test('is rebuilt from the topic on PostgreSQL, and a dump of another server is completed', async (t) => {
    const store = await postgresToLose(t)
    const file = `${await temporaryFolder(t)}/dump`
    const lost = await workAndBackUp(t, store, file)
    const { settings, facts } = lost
    await rebuildLost(lost)
    await store.restoreCopy()
    await refuseToStart(settings)
    const marks = `${file}.marks.json`
    // The dump was taken under load, so its instance counts as running until the lease in it has run out.
    const leased = /used by 1 running instances/
    let rebuild = await cart(['rebuild', '--marks', marks], settings)
    await until(async () => {
      if (leased.test(rebuild.stderr)) rebuild = await cart(['rebuild', '--marks', marks], settings)
      return !leased.test(rebuild.stderr)
    }, 'the lease in the dump has run out')
    assert.equal(rebuild.code, 0, rebuild.stdout + rebuild.stderr)
    assert.equal(await store.facts(), facts)
    const busy = await startOwnService(t, settings)
    const inUse = await cart(['rebuild'], settings)
    assert.equal(inUse.code, 2)
    assert.match(inUse.stderr, /used by 1 running instances/)
    assert.equal((await busy.end('SIGTERM')).code, 0)
    await useAgain(t, settings, someOrderId(facts))
  })
})
