import assert from 'node:assert/strict'
import { before, test, type TestContext } from 'node:test'
import { LoginFailed } from '../../../../src/business/callers/login-provider.ts'
import { createOidcProvider } from '../../../../src/service/callers/oidc-provider.ts'
import { newSigningKey, type SigningKey } from '../../../support/identity-provider.ts'
import { CLIENT_ID, CLIENT_SECRET, startLoginProvider } from '../../../support/login-provider.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const CALLBACK = 'https://shop.example/login/callback'

const DESCRIPTION = '/.well-known/openid-configuration'

const SILENT = '503 The identity provider does not answer as it should; try again later'

const NOT_LET_IN = '401 The identity provider did not log you in'

const NOT_PROVEN =
  '503 This service cannot prove to the identity provider who it is; those who run it find the reason in its log'

let key: SigningKey

before(async () => {
  key = await newSigningKey('one')
})

async function setUp(t: TestContext) {
  const provider = await startLoginProvider(t, key)
  const clock = new ManualClock()
  let secret: string | Error = CLIENT_SECRET
  const readSecret = async (): Promise<string> => {
    if (secret instanceof Error) throw secret
    return secret
  }
  const login = createOidcProvider(
    { issuer: provider.issuer, clientId: CLIENT_ID, readSecret, scope: 'openid' },
    () => clock.monotonicMs(),
  )
  /** As the browser comes back from the provider. */
  const begin = async () => {
    const { url, secrets } = await login.begin(CALLBACK)
    const { headers } = await fetch(url, { redirect: 'manual' })
    return { url: headers.get('location') ?? '', secrets }
  }
  type Begun = Awaited<ReturnType<typeof begin>>
  const finish = ({ url, secrets }: Begun) => said(login.finish(url, secrets))
  return {
    provider,
    clock,
    begin,
    finish,
    tryToBegin: () => said(login.begin(CALLBACK)),
    setSecret: (next: string | Error) => (secret = next),
    countOf: (path: string) => provider.asked.filter((asked) => asked === path).length,
  }
}

/** The sentence for the browser, with its status. */
async function said(step: Promise<unknown>): Promise<string> {
  try {
    await step
    return 'ok'
  } catch (error) {
    assert.ok(error instanceof LoginFailed)
    return `${error.isOutage ? 503 : 401} ${error.message}`
  }
}

test('a provider that cannot be asked is asked less and less often, and found again', async (t) => {
  const { provider, clock, tryToBegin, countOf } = await setUp(t)
  provider.broken.add(DESCRIPTION)
  const askedAt: number[] = []
  for (; clock.monotonicMs() < 70_000; clock.advance(500)) {
    const count = countOf(DESCRIPTION)
    const sentences = await Promise.all([tryToBegin(), tryToBegin(), tryToBegin()])
    assert.deepEqual(sentences, [SILENT, SILENT, SILENT])
    if (countOf(DESCRIPTION) > count) askedAt.push(clock.monotonicMs() / 1_000)
  }
  assert.deepEqual(askedAt, [0, 1, 3, 7, 15, 31, 61])
  assert.equal(countOf(DESCRIPTION), askedAt.length, 'one login asks for all')
  provider.broken.clear()
  clock.advance(30_000)
  assert.equal(await tryToBegin(), 'ok')
})

test('a secret that is refused is shown again after its wait, by one login, and every login is told why', async (t) => {
  const { provider, clock, begin, finish, tryToBegin, setSecret, countOf } = await setUp(t)
  const begun = await Promise.all(Array.from({ length: 5 }, begin))
  setSecret('wrong-hush')
  assert.equal(await finish(begun[0]!), NOT_PROVEN)
  assert.equal(await finish(begun[1]!), NOT_PROVEN)
  assert.equal(await tryToBegin(), NOT_PROVEN)
  assert.equal(countOf('/token'), 1)
  clock.advance(1_000)
  const later = await Promise.all([finish(begun[2]!), finish(begun[3]!)])
  assert.deepEqual(later, [NOT_PROVEN, NOT_PROVEN])
  assert.equal(countOf('/token'), 2)
  // The provider has learnt it.
  provider.secret = 'wrong-hush'
  clock.advance(1_999)
  assert.equal(await tryToBegin(), NOT_PROVEN)
  clock.advance(1)
  assert.equal(await finish(begun[4]!), 'ok')
  assert.equal(await finish(await begin()), 'ok')
})

test('another secret is tried at once', async (t) => {
  const { begin, finish, setSecret } = await setUp(t)
  const [one, two, three] = [await begin(), await begin(), await begin()]
  setSecret('wrong-hush')
  assert.equal(await finish(one), NOT_PROVEN)
  setSecret(new Error('ENOENT'))
  assert.equal(await finish(two), NOT_PROVEN)
  setSecret(CLIENT_SECRET)
  assert.equal(await finish(three), 'ok')
})

test('a login that is wrong by itself, or gets no answer, holds nobody else up', async (t) => {
  const { provider, begin, finish } = await setUp(t)
  const wrongCode = await begin()
  const url = wrongCode.url.replace(/code=[^&]*/, 'code=wrong')
  assert.equal(await finish({ ...wrongCode, url }), NOT_LET_IN)
  const wrongState = await begin()
  assert.equal(await finish({ ...wrongState, secrets: wrongCode.secrets }), NOT_LET_IN)
  provider.broken.add('/token')
  assert.equal(await finish(await begin()), SILENT)
  provider.broken.clear()
  assert.equal(await finish(await begin()), 'ok')
})

test('after a login that failed the provider is asked what it is, at most every ten seconds', async (t) => {
  const { provider, clock, begin, finish, countOf } = await setUp(t)
  const fail = async () => {
    provider.broken.add('/token')
    assert.equal(await finish(await begin()), SILENT)
    provider.broken.clear()
  }
  await fail()
  await fail()
  assert.equal(countOf(DESCRIPTION), 1)
  clock.advance(10_000)
  await fail()
  assert.equal(await finish(await begin()), 'ok')
  assert.equal(countOf(DESCRIPTION), 2)
})
