import { askSigner, type LoadPackage } from './optional-signer.ts'
import type { FetchedToken } from './token-cache.ts'

const SIGNER = {
  name: '@aws-sdk/rds-signer',
  version: '3',
  exported: 'Signer',
  neededBy: 'DATABASE_AUTH=aws-iam',
  audience: 'the database',
}

/** Of every token; it is asked for when a session opens, and then not any more. */
const LIFETIME_MS = 15 * 60_000

const PORT = 5432

interface Database {
  readonly hostname: string
  readonly port: number
  readonly username: string
  readonly region: string
}

interface Package {
  readonly Signer: new (database: Database) => { getAuthToken(): Promise<string> }
}

/** What an Amazon RDS database takes as the password of the user in its address. Rejects with a sentence. */
export async function fetchRdsToken(
  address: string,
  region: string,
  load?: LoadPackage,
): Promise<FetchedToken> {
  const { hostname, port, username } = new URL(address)
  const database = {
    hostname,
    port: Number(port || PORT),
    username: decodeURIComponent(username),
    region,
  }
  const sign = (loaded: unknown) => new (loaded as Package).Signer(database).getAuthToken()
  return { token: await askSigner(SIGNER, sign, load), lifetimeMs: LIFETIME_MS }
}
