import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeRegistry } from '../support/fake-registry.ts'
import { spawnService } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

test('neither the start nor the first look at the console warns of an experiment of Node.js', async (t) => {
  await using registry = await FakeRegistry.start()
  const service = await spawnService({
    KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1',
    SCHEMA_REGISTRY_URL: registry.url,
    DATABASE_URL: `sqlite:${await temporaryFolder(t)}/cart.db`,
  })
  t.after(() => service.end('SIGKILL'))
  await until(async () => (await fetch(`${service.url}/health/live`)).ok, 'the service answers')
  for (const path of ['console', 'console/app.ts']) {
    assert.equal((await fetch(`${service.url}/${path}`)).status, 200)
  }
  assert.equal((await service.end('SIGTERM')).code, 0)
  // Everything that it writes itself is JSON here.
  const strange = service
    .output()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('{'))
  assert.deepEqual(strange, [])
})
