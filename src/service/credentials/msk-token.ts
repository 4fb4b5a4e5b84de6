import type { FetchedToken } from './token-cache.ts'

/** It brings the SDK of AWS, so it is no dependency: who uses MSK with IAM installs it. */
const SIGNER = 'aws-msk-iam-sasl-signer-js'

const MISSING = `KAFKA_SASL_MECHANISM=AWS_MSK_IAM needs the package ${SIGNER}, which is not installed: npm install --no-save ${SIGNER}@1.0.3`

const TIMEOUT_MS = 5_000

interface Signer {
  generateAuthToken(options: { region: string }): Promise<{ token: string; expiryTime: number }>
}

/** A token of Amazon MSK. Rejects with a sentence. `load`: the package, by its name. */
export async function fetchMskToken(
  region: string,
  load: (name: string) => Promise<unknown> = (name) => import(name),
): Promise<FetchedToken> {
  const signer = await load(SIGNER).catch((error: unknown) => {
    throw new Error(MISSING, { cause: error })
  })
  if (!isSigner(signer)) throw new Error(`${SIGNER} has no generateAuthToken: install 1.0.3`)
  const { promise: late, reject } = Promise.withResolvers<never>()
  const expire = (): void => reject(new Error(`no answer within ${TIMEOUT_MS} ms`))
  const timer = setTimeout(expire, TIMEOUT_MS)
  try {
    const { token, expiryTime } = await Promise.race([signer.generateAuthToken({ region }), late])
    return { token, lifetimeMs: expiryTime - Date.now() }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`AWS gives no token for MSK (${reason})`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

function isSigner(value: unknown): value is Signer {
  return typeof value === 'object' && value !== null && 'generateAuthToken' in value
}
