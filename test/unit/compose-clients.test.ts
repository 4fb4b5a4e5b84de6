import assert from 'node:assert/strict'
import { test } from 'node:test'
import { postgresAddress } from '../../src/compose-clients.ts'
import { loadConfig } from '../../src/config/config.ts'

test('all that reads one database shares one token of AWS, and one back-off while there is none', async () => {
  const config = loadConfig({
    DATABASE_URL: 'postgres://cart@db.example/cart?sslmode=verify-full',
    DATABASE_AUTH: 'aws-iam',
    AWS_REGION: 'eu-central-1',
  })
  const failures = await Promise.all(
    [1, 2].map(async () => {
      const { signPassword } = postgresAddress(config)
      return signPassword?.().catch((error: unknown) => error)
    }),
  )
  assert.ok(failures[0] instanceof Error)
  assert.equal(failures[0], failures[1])
})
