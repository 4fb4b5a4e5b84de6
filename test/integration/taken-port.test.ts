import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { FakeRegistry } from '../support/fake-registry.ts'
import { findFreePort } from '../../dev-services/ports.ts'
import { spawnService } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

test('a start whose port is taken ends with 1, and has touched nothing', async (t) => {
  await using registry = await FakeRegistry.start()
  let brokerConnections = 0
  await using broker = createServer((socket) => {
    brokerConnections += 1
    socket.destroy()
  })
  await using owner = createServer()
  for (const server of [broker, owner]) await once(server.listen(0, '127.0.0.1'), 'listening')
  const folder = await temporaryFolder(t)
  const taken = String((owner.address() as AddressInfo).port)
  const service = await spawnService({
    API_PORT: taken,
    KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${(broker.address() as AddressInfo).port}`,
    SCHEMA_REGISTRY_URL: registry.url,
    DATABASE_URL: `sqlite:${folder}/cart.db`,
  })
  const { code } = await service.exited
  assert.equal(code, 1, service.output())
  const lines = service.output().trim().split('\n')
  assert.equal(lines.length, 1, 'one line, and no warning of Node.js')
  assert.deepEqual(sayingOf(lines[0]), {
    level: 60,
    msg: `Port ${taken} of 127.0.0.1 is taken: stop what listens on it, or set API_PORT to another port.`,
  })
  assert.deepEqual(registry.asked, [], 'no schema is registered')
  assert.equal(brokerConnections, 0, 'no topic is created')
  assert.deepEqual(await readdir(folder), [], 'no file is made, and so no lock')
})

test('of two starts at once for one port, one gets it, and the other has touched nothing', async (t) => {
  await using registry = await FakeRegistry.start()
  const port = await findFreePort()
  const hosts = ['127.0.0.1', '0.0.0.0']
  const services = await Promise.all(
    hosts.map(async (host, index) =>
      spawnService({
        API_HOST: host,
        API_PORT: String(port),
        KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1',
        SCHEMA_REGISTRY_URL: `${registry.url}/of-${index}`,
        DATABASE_URL: `sqlite:${await temporaryFolder(t)}/cart.db`,
      }),
    ),
  )
  t.after(() => Promise.all(services.map((service) => service.end('SIGKILL'))))
  const loser = await Promise.race(
    services.map(async (service, index) => {
      const { code } = await service.exited
      assert.equal(code, 1, service.output())
      return index
    }),
  )
  assert.match(services[loser]?.output() ?? '', RegExp(`Port ${port} of .* is taken: `))
  const other = services[1 - loser]
  await until(
    async () => (await fetch(`http://127.0.0.1:${port}/health/live`)).ok,
    () => `the other one answers; it wrote:\n${other?.output()}`,
  )
  const asked = registry.asked.filter((line) => line.includes(`/of-${loser}/`))
  assert.deepEqual(asked, [], 'no schema is registered')
})

function sayingOf(line = ''): Record<string, unknown> {
  const {
    time: _,
    pid: _pid,
    hostname: _host,
    ...saying
  } = JSON.parse(line) as Record<string, unknown>
  return saying
}
