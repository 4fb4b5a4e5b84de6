import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'

export const ISSUER = 'https://idp.example'

export const AUDIENCE = 'orders'

export interface SigningKey {
  readonly kid: string
  readonly algorithm: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

export async function newSigningKey(kid: string, algorithm = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm)
  return { kid, algorithm, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid } }
}

/** As a provider signs it: for an hour from `nowMs`, unless the claims say otherwise. */
export function sign(
  key: SigningKey,
  claims: Readonly<Record<string, unknown>>,
  nowMs = Date.now(),
): Promise<string> {
  const exp = Math.floor(nowMs / 1_000) + 3_600
  return new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: 'anna', exp, ...claims })
    .setProtectedHeader({ alg: key.algorithm, kid: key.kid, typ: 'at+jwt' })
    .sign(key.privateKey)
}

export interface IdentityProvider {
  readonly keySetUrl: string
  readonly askedCount: () => number
  /** What is answered from now on. */
  answer: RequestListener
}

export function answerKeys(...keys: readonly SigningKey[]): RequestListener {
  return answerText(200, JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) }))
}

export function answerText(status: number, text: string): RequestListener {
  return (_request, response) => void response.writeHead(status).end(text)
}

/** An address with public keys, such as a provider has, until the test ends. */
export async function startIdentityProvider(
  t: TestContext,
  ...keys: readonly SigningKey[]
): Promise<IdentityProvider> {
  let askedCount = 0
  const server = createServer((request, response) => {
    askedCount += 1
    provider.answer(request, response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const provider: IdentityProvider = {
    keySetUrl: `http://127.0.0.1:${port}/keys`,
    askedCount: () => askedCount,
    answer: answerKeys(...keys),
  }
  return provider
}
