import assert from 'node:assert/strict'
import { before, test, type TestContext } from 'node:test'
import { jwtVerify } from 'jose'
import {
  KeySet,
  KeysUnavailable,
  type KeySetTrouble,
} from '../../../../src/service/callers/key-set.ts'
import {
  answerKeys,
  answerText,
  newSigningKey,
  sign,
  startIdentityProvider,
  type SigningKey,
} from '../../../support/identity-provider.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { until } from '../../../support/until.ts'

let one: SigningKey
let two: SigningKey

before(async () => {
  ;[one, two] = await Promise.all([newSigningKey('one'), newSigningKey('two')])
})

async function setUp(t: TestContext, ...keys: readonly SigningKey[]) {
  const provider = await startIdentityProvider(t, ...keys)
  const clock = new ManualClock()
  const states: (KeySetTrouble | undefined)[] = []
  const onState = (trouble: KeySetTrouble | undefined): void => void states.push(trouble)
  const keySet = new KeySet({ url: provider.keySetUrl, clock, onState })
  t.after(() => keySet.close())
  const verify = async (key: SigningKey) => jwtVerify(await sign(key, {}), keySet.findKey)
  return { provider, clock, states, keySet, verify }
}

test('the keys are read once for all tokens that they have signed', async (t) => {
  const { provider, verify, states } = await setUp(t, one)
  await Promise.all([verify(one), verify(one)])
  await verify(one)
  assert.equal(provider.askedCount(), 1)
  assert.deepEqual(states, [undefined])
})

test('a new key is found by the first token that names it, and then not looked for again and again', async (t) => {
  const { provider, clock, verify } = await setUp(t, one)
  await verify(one)
  await assert.rejects(verify(two), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
  assert.equal(provider.askedCount(), 1, 'the keys were read just now')
  provider.answer = answerKeys(two)
  clock.advance(10_000)
  await verify(two)
  await assert.rejects(verify(one), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
  assert.equal(provider.askedCount(), 2)
})

test('a key that the provider withdraws is not taken after the next reading', async (t) => {
  const { provider, clock, keySet, verify } = await setUp(t, one, two)
  keySet.start()
  await verify(one)
  provider.answer = answerKeys(two)
  await until(() => {
    clock.advance(300_000)
    return provider.askedCount() > 1
  }, 'the keys are read again')
  await verify(two)
  await assert.rejects(verify(one), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
})

const GARBAGE: ReadonlyArray<
  readonly [name: string, status: number, text: string, reason: RegExp]
> = [
  ['an error', 500, 'oops', /^it answers 500$/],
  ['a page', 200, '<html>', /^its answer is not JSON$/],
  ['something else', 200, '{"keys":7}', /^its answer is no set of keys$/],
  [
    'more than a set of keys',
    200,
    ' '.repeat(1_000_001),
    /^its answer has more than 1000000 bytes$/,
  ],
]
for (const [name, status, text, reason] of GARBAGE) {
  test(`a provider that answers with ${name} is unavailable, and recovers`, async (t) => {
    const { provider, clock, states, verify } = await setUp(t)
    provider.answer = answerText(status, text)
    await assert.rejects(verify(one), KeysUnavailable)
    assert.match(states[0]?.reason ?? '', reason)
    await assert.rejects(verify(one), KeysUnavailable)
    assert.equal(provider.askedCount(), 1, 'not asked again before its time')
    provider.answer = answerKeys(one)
    clock.advance(1_000)
    await verify(one)
    assert.deepEqual(states.slice(1), [undefined])
  })
}

test('a provider that is too slow is left after five seconds', async (t) => {
  const late = new AbortController()
  const timeout = t.mock.method(AbortSignal, 'timeout', () => late.signal)
  const { provider, states, verify } = await setUp(t)
  provider.answer = () => late.abort(new DOMException('', 'TimeoutError'))
  await assert.rejects(verify(one), KeysUnavailable)
  assert.deepEqual(states, [{ reason: 'no answer within 5000 ms', hasKeys: false }])
  assert.deepEqual(timeout.mock.calls[0]?.arguments, [5_000])
})

test('a redirect is not followed', async (t) => {
  const { provider, states, verify } = await setUp(t)
  const { keySetUrl } = await startIdentityProvider(t, one)
  provider.answer = (_request, response) =>
    void response.writeHead(302, { location: keySetUrl }).end()
  await assert.rejects(verify(one), KeysUnavailable)
  assert.match(states[0]?.reason ?? '', /redirect/)
})

test('the last keys are taken while the provider is away, and for a day at most', async (t) => {
  const { provider, clock, states, keySet, verify } = await setUp(t, one)
  keySet.start()
  await until(() => states.length === 1, 'the keys are read')
  provider.answer = answerText(503, '')
  const reason = 'it answers 503'
  clock.advance(23 * 3_600_000)
  await verify(one)
  await until(() => states.length === 2, 'the keys are asked for again')
  assert.deepEqual(states, [undefined, { reason, hasKeys: true }])
  clock.advance(2 * 3_600_000)
  await assert.rejects(verify(one), KeysUnavailable)
  assert.deepEqual(states.at(-1), { reason, hasKeys: false })
})
