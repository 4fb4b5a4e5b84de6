import { askSigner, type LoadPackage } from './optional-signer.ts'
import type { FetchedToken } from './token-cache.ts'

const SIGNER = {
  name: 'aws-msk-iam-sasl-signer-js',
  version: '1.0.3',
  exported: 'generateAuthToken',
  neededBy: 'KAFKA_SASL_MECHANISM=AWS_MSK_IAM',
  audience: 'MSK',
}

interface Package {
  generateAuthToken(options: { region: string }): Promise<{ token: string; expiryTime: number }>
}

/** A token of Amazon MSK. Rejects with a sentence. */
export async function fetchMskToken(region: string, load?: LoadPackage): Promise<FetchedToken> {
  const sign = (loaded: unknown) => (loaded as Package).generateAuthToken({ region })
  const { token, expiryTime } = await askSigner(SIGNER, sign, load)
  return { token, lifetimeMs: expiryTime - Date.now() }
}
