import { fetchToken, type ClientCredentials } from './client-credentials.ts'
import { fetchMskToken } from './msk-token.ts'
import { readSecret } from './secret.ts'
import { TokenCache, type FetchedToken } from './token-cache.ts'

/** Where the tokens of OAUTHBEARER come from. */
export type TokenOrigin =
  /** Somebody else writes it, and writes the next one before it ends. */
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'client-credentials'; readonly credentials: ClientCredentials }
  /** Of Amazon MSK, signed by whatever credentials of AWS are there. */
  | { readonly kind: 'aws'; readonly region: string }

export interface TokenSource {
  /** Rejects with a sentence where none can be had. */
  token(): Promise<string>
  /** It was refused. */
  drop(token: string): void
  /** Another one where another credential is used. */
  revision(): string
}

export function createTokenSource(origin: TokenOrigin): TokenSource {
  switch (origin.kind) {
    case 'file': {
      const read = (): string => readSecret(origin)
      return { token: async () => read(), drop: () => {}, revision: read }
    }
    case 'client-credentials': {
      const { credentials } = origin
      return cached(
        () => fetchToken(credentials),
        () => readSecret(credentials.clientSecret),
      )
    }
    case 'aws':
      return cached(
        () => fetchMskToken(origin.region),
        () => '',
      )
  }
}

function cached(fetch: () => Promise<FetchedToken>, revision: () => string): TokenSource {
  const cache = new TokenCache(fetch)
  return { token: () => cache.token(), drop: (token) => cache.drop(token), revision }
}
