import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspectStore } from '../../../../../src/service/storage/postgres/inspect.ts'

test('a signer that gives no token is told, and not that the database is late', async () => {
  const inspected = inspectStore({
    // Nobody listens there: the database would be the reason if it were asked first.
    url: 'postgresql://cart@127.0.0.1:1/orders',
    database: 'orders on 127.0.0.1:1',
    mustBeDurable: true,
    signPassword: () => Promise.reject(new Error('AWS gives no token for the database')),
  })
  await assert.rejects(inspected, {
    name: 'StoreError',
    message:
      'The database orders on 127.0.0.1:1 cannot be used: AWS gives no token for the database',
  })
})
