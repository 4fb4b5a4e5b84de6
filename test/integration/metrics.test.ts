import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { copyFile, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { findFreePort } from '../../dev-services/ports.ts'
import { createAuthority } from '../support/certificates.ts'
import { freshSettings, startOwnService } from '../support/own-service.ts'
import { spawnService } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'

function send(url: string, method: string, body: object, headers: object = {}): Promise<Response> {
  const init = { 'content-type': 'application/json', ...headers }
  return fetch(url, { method, headers: init, body: JSON.stringify(body) })
}

async function scrape(url: string): Promise<string> {
  const accept = 'application/openmetrics-text; version=1.0.0'
  const answer = await fetch(`${url}/metrics`, { headers: { accept } })
  assert.equal(answer.status, 200)
  return answer.text()
}

/** Seconds since 1970. */
async function endOf(certificateFile: string): Promise<number> {
  return new X509Certificate(await readFile(certificateFile)).validToDate.getTime() / 1_000
}

function lineOf(kind: string, endsAt: number): string {
  return `cart_credential_expiry_timestamp_seconds{kind="${kind}"} ${endsAt}`
}

test('a healthy start says nothing that sounds wrong', async (t) => {
  // A machine may allow fewer files than the default of connections needs, and is told so.
  const service = await startOwnService(t, { ...freshSettings(), MAX_CONNECTIONS: '100' })
  await until(() => service.output().includes('Kafka is up'), 'Kafka is told to be up')
  const lines = service
    .output()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { level: number; msg: string })
  assert.deepEqual(
    lines.filter(({ level }) => level > 30),
    [],
  )
  assert.ok(lines.some(({ msg }) => msg === 'the store is up'))
})

test('the end of the certificates of the port is that of those in use, also when they are renewed', async (t) => {
  const folder = await temporaryFolder(t)
  const authority = await createAuthority(folder)
  const { certificateFile, keyFile } = await authority.issue('api', { days: 3 })
  const port = await findFreePort()
  const service = await spawnService({
    ...freshSettings(),
    API_TLS_CERT_FILE: certificateFile,
    API_TLS_KEY_FILE: keyFile,
    API_TLS_CLIENT_CA_FILE: authority.caFile,
    MANAGEMENT_HOST: '127.0.0.1',
    MANAGEMENT_PORT: String(port),
  })
  t.after(() => service.end('SIGKILL'))
  const management = `http://127.0.0.1:${port}`
  let text = ''
  await until(
    async () => {
      text = await scrape(management)
      return true
    },
    () => `the service listens; it wrote:\n${service.output()}`,
  )
  for (const [kind, file] of [
    ['api-server', certificateFile],
    ['api-client-authority', authority.caFile],
  ] as const) {
    const line = lineOf(kind, await endOf(file))
    assert.ok(text.split('\n').includes(line), line)
  }
  // As the page of the alert says.
  const renewed = await authority.issue('renewed', { days: 20 })
  await copyFile(renewed.certificateFile, certificateFile)
  await copyFile(renewed.keyFile, keyFile)
  const line = lineOf('api-server', await endOf(renewed.certificateFile))
  await until(
    async () => (await scrape(management)).split('\n').includes(line),
    'the new certificate is in use',
  )
})

test('a scrape of a live service tells what was changed, sent and stored', async (t) => {
  const service = await startOwnService(t, freshSettings())
  const create = `${service.url}/api/create-order`
  const traceparent = `00-${TRACE_ID}-00f067aa0ba902b7-01`
  const order = { orderId: 'ORD-1', numItems: 1 }
  assert.equal((await send(create, 'POST', order, { traceparent })).status, 201)
  assert.equal((await send(create, 'POST', order)).status, 409)
  const erase = async () =>
    (await send(`${service.url}/api/operations/erasures`, 'POST', { orderId: 'ORD-1' })).status
  assert.equal(await erase(), 409, 'an open order')
  const update = { orderId: 'ORD-1', status: 'delivered' }
  assert.equal((await send(`${service.url}/api/update-order`, 'PUT', update)).status, 200)
  assert.equal(await erase(), 200)
  const expected = [
    'cart_changes_total{command="create",outcome="done"} 1',
    'cart_changes_total{command="create",outcome="refused"} 1',
    'cart_changes_total{command="update",outcome="done"} 1',
    'cart_changes_total{command="erase",outcome="refused"} 1',
    'cart_changes_total{command="erase",outcome="done"} 1',
    'cart_publications_total{outcome="acked"} 3',
    'cart_publish_ack_seconds_count 3',
    'cart_produce_requests_total{result="answered"} 3',
    'cart_produced_batches_total{result="acked"} 3',
    'cart_produced_events_total 3',
    'cart_pending_events 0',
    'cart_lease_held 1',
    'cart_lanes{state="open"} 3',
    'cart_dependency_up{dependency="kafka"} 1',
    'cart_store_operation_seconds_count{op="settle"} 2',
    'cart_store_operation_seconds_count{op="settleErasure"} 1',
    'cart_http_server_request_duration_seconds_count{method="POST",route="/api/create-order",status="201"} 1',
  ]
  let text = ''
  await until(
    async () => {
      text = await scrape(service.url)
      return expected.every((line) => text.split('\n').includes(line))
    },
    () => `every number is there:\n${expected.filter((line) => !text.includes(line)).join('\n')}`,
  )
  assert.match(
    text,
    new RegExp(`^cart_publish_ack_seconds_bucket.* # \\{trace_id="${TRACE_ID}"\\}`, 'mu'),
  )
})
