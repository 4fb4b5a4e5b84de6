import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findSilentPartitions } from '../../../../src/service/kafka/client-checks.ts'

test('a partition that lost its leader since the metadata is silent, and the others are asked', async () => {
  const asked: string[] = []
  const cluster: Parameters<typeof findSilentPartitions>[0] = {
    topic: 'orders',
    leaderOf: async (partition) => {
      if (partition === 1) throw new Error('partition 1 has no leader')
      return { broker: { host: 'one', port: 9092 }, epoch: 0 }
    },
    withConnection: ({ host }) => {
      asked.push(host)
      return Promise.reject(new Error('connection refused'))
    },
  }
  const silent = await findSilentPartitions(cluster, [0, 1])
  assert.deepEqual(
    silent.map(({ partition }) => partition),
    [0, 1],
  )
  assert.match(silent[1]?.reason ?? '', /partition 1 has no leader/)
  assert.deepEqual(asked, ['one'])
})
