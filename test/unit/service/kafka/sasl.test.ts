import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { SASLCustomAuthenticator } from '@platformatic/kafka'
import { createSasl } from '../../../../src/service/kafka/sasl.ts'

type Hear = (error: Error | null, answer?: unknown) => void

suite('signing in to a broker', () => {
  for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
    for (const iterations of ['2147483647', '1000001']) {
      test(`${mechanism} does not hash the password ${iterations} times`, async () => {
        const error = await signIn(mechanism, iterations)
        const { cause } = error as Error & { cause: Error }
        assert.equal(cause.message, `the broker wants the password hashed ${iterations} times`)
      })
    }

    test(`${mechanism} hashes it as often as Kafka's own maximum`, async () => {
      const error = await signIn(mechanism, '16384')
      assert.equal(error.message, 'Invalid server signature.')
    })
  }
})

/** The error of an attempt at a broker that asks for so many iterations and proves nothing. */
function signIn(mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-512', iterations: string): Promise<Error> {
  const proof = { mechanism, username: 'cart', password: 'secret' }
  const { authenticate } = createSasl(proof, { refusal: undefined, lifetimeMs: undefined })
  const answer = (_connection: unknown, bytes: Buffer, hear: Hear): void => {
    const nonce = /r=([^,]+)/u.exec(bytes.toString())?.[1]
    const isFirst = bytes.toString().startsWith('n,,')
    const text = isFirst ? `r=${nonce},s=c2FsdA==,i=${iterations}` : 'v=nothing'
    hear(null, { authBytes: Buffer.from(text), sessionLifetimeMs: 0n })
  }
  const [connection, api] = [{}, answer] as unknown as [
    Parameters<SASLCustomAuthenticator>[1],
    Parameters<SASLCustomAuthenticator>[2],
  ]
  return new Promise((resolve, reject) => {
    authenticate?.(mechanism, connection, api, undefined, undefined, undefined, (error) => {
      if (error === null) reject(new Error('signed in'))
      else resolve(error)
    })
  })
}
