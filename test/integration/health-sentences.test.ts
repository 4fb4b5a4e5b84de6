import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freshSettings } from '../support/own-service.ts'
import { spawnService } from '../support/service-process.ts'
import { until } from '../support/until.ts'

/** The sentences of health in docs/how-to/troubleshoot.md, as a real Kafka makes the service say them. */

test('health says in the words of Kafka why the topic cannot be created', async (t) => {
  const settings = { ...freshSettings(), KAFKA_TOPIC_REPLICATION_FACTOR: '7' }
  const service = await spawnService(settings)
  t.after(() => service.end('SIGKILL'))
  let reason = 'nothing'
  await until(
    async () => {
      const answer = await fetch(`${service.url}/health`)
      const { checks } = (await answer.json()) as { checks: { kafka: { reason?: string } } }
      reason = checks.kafka.reason ?? 'nothing'
      return /replica/iu.test(reason)
    },
    () => `health says why; it said: ${reason}`,
    20_000,
  )
  const [broker, sentence] = reason.split(': cannot create topic ')
  assert.equal(broker, settings.KAFKA_BOOTSTRAP_SERVERS)
  assert.match(sentence ?? '', new RegExp(`^${settings.KAFKA_TOPIC}: .*replica`, 'iu'))
})
