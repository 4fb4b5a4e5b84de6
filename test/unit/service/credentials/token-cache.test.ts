import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TokenCache } from '../../../../src/service/credentials/token-cache.ts'
import { fetchMskToken } from '../../../../src/service/credentials/msk-token.ts'
import { fetchRdsToken } from '../../../../src/service/credentials/rds-token.ts'

function cacheOf(lifetimeMs: number) {
  const state = { nowMs: 0, asked: 0, failure: undefined as Error | undefined }
  const cache = new TokenCache(
    async () => {
      state.asked += 1
      if (state.failure !== undefined) throw state.failure
      return { token: `token-${state.asked}`, lifetimeMs }
    },
    () => state.nowMs,
  )
  return { state, cache }
}

test('one token is fetched for all who ask at once', async () => {
  const { state, cache } = cacheOf(3_600_000)
  const tokens = await Promise.all(Array.from({ length: 10 }, () => cache.token()))
  assert.deepEqual([new Set(tokens), state.asked], [new Set(['token-1']), 1])
})

test('the old token serves while the next one is fetched, and while that fails, to its end', async () => {
  const { state, cache } = cacheOf(3_600_000)
  await cache.token()
  state.nowMs = 0.8 * 3_600_000
  state.failure = new Error('down')
  assert.equal(await cache.token(), 'token-1')
  state.nowMs = 3_600_000 - 30_001
  assert.equal(await cache.token(), 'token-1')
  state.nowMs = 3_600_000
  await assert.rejects(cache.token(), /down/)
  state.failure = undefined
  state.nowMs += 60_000
  assert.match(await cache.token(), /^token-\d$/)
})

test('a provider that fails is asked less and less often, and at most every half minute', async () => {
  const { state, cache } = cacheOf(60_000)
  state.failure = new Error('down')
  const askedAt: number[] = []
  for (; state.nowMs < 200_000; state.nowMs += 500) {
    const before = state.asked
    await assert.rejects(cache.token(), /down/)
    if (state.asked > before) askedAt.push(state.nowMs / 1_000)
  }
  assert.deepEqual(askedAt, [0, 1, 3, 7, 15, 31, 61, 91, 121, 151, 181])
})

test('a token that was refused is not shown again', async () => {
  const { cache } = cacheOf(3_600_000)
  cache.drop(await cache.token())
  assert.equal(await cache.token(), 'token-2')
})

test('tokens of RDS are for one user of one database, and need a package that is no dependency', async () => {
  const address = 'postgres://cart%40shop@db.example/orders?sslmode=verify-full'
  const missing = /DATABASE_AUTH=aws-iam needs .*npm install .*@aws-sdk\/rds-signer/
  await assert.rejects(fetchRdsToken(address, 'eu-central-1'), missing)
  class Signer {
    readonly #for: object
    constructor(database: object) {
      this.#for = database
    }
    getAuthToken = async (): Promise<string> => JSON.stringify(this.#for)
  }
  const { token } = await fetchRdsToken(address, 'eu-central-1', async () => ({ Signer }))
  assert.deepEqual(JSON.parse(token), {
    hostname: 'db.example',
    port: 5432,
    username: 'cart@shop',
    region: 'eu-central-1',
  })
  await assert.rejects(
    fetchRdsToken(address, 'eu-central-1', async () => ({ Signer: Object })),
    /no token for the database/,
  )
  await assert.rejects(
    fetchRdsToken(address, 'eu-central-1', async () => ({})),
    /has no Signer: install 3/,
  )
})

test('tokens of MSK need a package that is no dependency, and the sentence names it', async () => {
  await assert.rejects(fetchMskToken('eu-central-1'), /npm install .*aws-msk-iam-sasl-signer-js/)
  const signer = {
    generateAuthToken: async ({ region }: { region: string }) => ({
      token: `signed for ${region}`,
      expiryTime: Date.now() + 900_000,
    }),
  }
  const { token, lifetimeMs } = await fetchMskToken('eu-central-1', async () => signer)
  assert.equal(token, 'signed for eu-central-1')
  assert.ok(lifetimeMs > 890_000)
})
