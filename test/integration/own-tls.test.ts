import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { copyFile, readFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { connect } from 'node:tls'
import { findFreePort } from '../../dev-services/ports.ts'
import { createAuthority } from '../support/certificates.ts'
import { freshSettings } from '../support/own-service.ts'
import { spawnService } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

/** The service as a process, with a certificate of its own that others replace. */

const WORKERS = 8

interface Load {
  readonly statuses: number[]
  stop(): Promise<void>
}

/** Half of the workers keep their connection, the others open one for each order. */
function startLoad(t: TestContext, port: number, ca: string): Load {
  const statuses: number[] = []
  const keeping = new Agent({ keepAlive: true, ca })
  t.after(() => keeping.destroy())
  let isStopped = false
  const work = async (number: number): Promise<void> => {
    while (!isStopped) {
      statuses.push(await create(port, number % 2 === 0 ? keeping : new Agent({ ca })))
    }
  }
  const workers = Array.from({ length: WORKERS }, (_, number) => work(number))
  return {
    statuses,
    async stop() {
      isStopped = true
      await Promise.all(workers)
    },
  }
}

async function create(port: number, agent: Agent): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  const asked = request({
    agent,
    host: 'localhost',
    port,
    method: 'POST',
    path: '/api/create-order',
    headers,
  })
  asked.end(JSON.stringify({ orderId: randomUUID(), numItems: 1 }))
  const [response] = await once(asked, 'response')
  response.resume()
  await once(response, 'end')
  return response.statusCode as number
}

async function shownBy(port: number, ca: string): Promise<string> {
  const socket = connect({ host: 'localhost', port, ca })
  await once(socket, 'secureConnect')
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return String(subject.CN)
}

test('a certificate that is replaced file by file fails no request under load', async (t) => {
  const folder = await temporaryFolder(t)
  const authority = await createAuthority(folder)
  const [first, second] = [await authority.issue('first'), await authority.issue('second')]
  const ca = await readFile(authority.caFile, 'utf8')
  const [certificateFile, keyFile] = [join(folder, 'used.pem'), join(folder, 'used.key')]
  await copyFile(first.certificateFile, certificateFile)
  await copyFile(first.keyFile, keyFile)
  const managementPort = String(await findFreePort())
  const service = await spawnService({
    ...freshSettings(),
    API_HOST: 'localhost',
    API_TLS_CERT_FILE: certificateFile,
    API_TLS_KEY_FILE: keyFile,
    MANAGEMENT_PORT: managementPort,
  })
  t.after(() => service.end('SIGKILL'))
  const port = Number(new URL(service.url).port)
  await until(
    async () => (await fetch(`http://localhost:${managementPort}/health/ready`)).ok,
    () => `the service gets ready; it wrote:\n${service.output()}`,
  )
  const metrics = await (await fetch(`http://localhost:${managementPort}/metrics`)).text()
  assert.match(metrics, /^cart_credential_expiry_timestamp_seconds\{kind="api-server"\} \d+$/mu)
  const load = startLoad(t, port, ca)
  const answerMore = async (): Promise<void> => {
    const enough = load.statuses.length + 100
    await until(() => load.statuses.length >= enough, 'the load runs well')
  }
  await answerMore()
  assert.equal(await shownBy(port, ca), 'first')
  await copyFile(second.certificateFile, certificateFile)
  await until(
    () => service.output().includes('a file cannot be taken'),
    'the service sees a certificate without its key',
  )
  await answerMore()
  assert.equal(await shownBy(port, ca), 'first')
  await copyFile(second.keyFile, keyFile)
  await until(async () => (await shownBy(port, ca)) === 'second', 'the new one is shown')
  await answerMore()
  await load.stop()
  assert.deepEqual(new Set(load.statuses), new Set([201]))
  t.diagnostic(`${load.statuses.length} orders`)
})
