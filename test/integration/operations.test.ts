import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestDatabase } from '../support/postgres-database.ts'
import { freshSettings, startOwnService } from '../support/own-service.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

/** The tools as the service runs them, on a real Kafka and registry, and what it says of itself. */

interface Run {
  readonly tool: string
  readonly state: string
  readonly problem: string | null
  readonly result: Record<string, unknown>
}

async function get<Data>({ url }: ServiceProcess, path: string): Promise<Data> {
  const response = await fetch(`${url}/api/operations/${path}`)
  return ((await response.json()) as { data: Data }).data
}

async function run(
  service: ServiceProcess,
  request: { readonly tool: string } & Readonly<Record<string, string>>,
): Promise<Run> {
  const response = await fetch(`${service.url}/api/operations/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  })
  assert.equal(response.status, 202, await response.text())
  let ended: Run | undefined
  await until(async () => {
    const runs = await get<readonly Run[]>(service, 'runs')
    ended = runs.find(({ tool, state }) => tool === request.tool && state !== 'running')
    return ended !== undefined
  }, 'the tool ends')
  assert.ok(ended)
  return ended
}

test('the tools run beside the service, and their results are read from it', async (t) => {
  const settings = {
    ...freshSettings(`sqlite:${await temporaryFolder(t)}/cart.db`),
    SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO: 'key:hidden-text',
  }
  const service = await startOwnService(t, settings)
  for (const orderId of ['ORD-1', 'ORD-2']) {
    const response = await fetch(`${service.url}/api/create-order`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ orderId, numItems: 1 }),
    })
    assert.equal(response.status, 201)
  }
  const audit = await run(service, { tool: 'audit' })
  assert.deepEqual([audit.problem, audit.result['agrees']], [null, true])
  assert.deepEqual([audit.result['topicCount'], audit.result['differenceCount']], [2, 0])

  const doctor = await run(service, { tool: 'doctor' })
  const findings = doctor.result['findings'] as { check: string; verdict: string }[]
  assert.ok(findings.some(({ check, verdict }) => check === 'kafka' && verdict === 'ok'))

  const { result } = await run(service, { tool: 'read-topic' })
  const records = result['records'] as { key: string; value: { orderId: string } }[]
  const read = records.map(({ key, value }) => `${key} ${value.orderId}`)
  assert.deepEqual(read.toSorted(), ['ORD-1 ORD-1', 'ORD-2 ORD-2'])
  const keysOf = async (filters: Readonly<Record<string, string>>): Promise<string[]> => {
    const found = await run(service, { tool: 'read-topic', ...filters })
    return (found.result['records'] as { key: string }[]).map(({ key }) => key)
  }
  assert.deepEqual(await keysOf({ key: 'ORD-2' }), ['ORD-2'])
  assert.deepEqual(await keysOf({ key: '--from-beginning' }), [])
  assert.deepEqual(await keysOf({ key: 'ORD', status: 'shipped' }), [])
  const absent = { tool: 'read-topic', topic: `${settings.KAFKA_TOPIC}-dlq` }
  assert.match(String((await run(service, absent)).problem), /does not exist/u)

  const shown = JSON.stringify(await get(service, 'settings'))
  assert.ok(shown.includes(settings.KAFKA_TOPIC) && !shown.includes('hidden-text'))
  const { instances, pending } = await get<{ instances: object[]; pending: object[] }>(
    service,
    'publication',
  )
  assert.deepEqual([instances.length, pending.length], [1, 0])
})

test('each instance on PostgreSQL knows the others and their leases', async (t) => {
  const database = await createTestDatabase({})
  t.after(() => database[Symbol.asyncDispose]())
  const settings = freshSettings(database.url)
  const services = [await startOwnService(t, settings), await startOwnService(t, settings)]
  for (const service of services) {
    const { instances } = await get<{
      instances: { instanceId: string; leaseUntil: string; isThisOne: boolean }[]
    }>(service, 'publication')
    assert.equal(instances.length, 2)
    assert.equal(instances.filter(({ isThisOne }) => isThisOne).length, 1)
    for (const { leaseUntil } of instances) assert.ok(Date.parse(leaseUntil) > Date.now() - 60_000)
  }
})
