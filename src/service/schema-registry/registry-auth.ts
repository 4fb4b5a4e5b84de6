import { fetchToken, type ClientCredentials } from '../credentials/client-credentials.ts'
import { readSecret, type Secret } from '../credentials/secret.ts'
import { TokenCache } from '../credentials/token-cache.ts'

/** How a registry learns who asks. */
export type RegistryAuth =
  | { readonly kind: 'none' }
  /** `key:secret` */
  | { readonly kind: 'basic'; readonly userInfo: Secret }
  | { readonly kind: 'bearer'; readonly token: Secret }
  | {
      readonly kind: 'oauth'
      readonly credentials: ClientCredentials
      /** Confluent Cloud tells its registries and their users apart by these. */
      readonly logicalCluster: string | undefined
      readonly identityPoolId: string | undefined
    }

export interface Authorizer {
  /** Of one question. Rejects with a sentence where a file or a token cannot be had. */
  headers(): Promise<Readonly<Record<string, string>>>
  /** The registry did not take them: a token that was fetched is not shown again. */
  noteRefused(): void
  /** For a sentence: which credential is shown. */
  readonly name: string
}

export function createAuthorizer(auth: RegistryAuth): Authorizer {
  switch (auth.kind) {
    case 'none':
      return { headers: async () => ({}), noteRefused: () => {}, name: 'no credential' }
    case 'basic':
      return {
        headers: async () => ({ authorization: `Basic ${base64Of(readSecret(auth.userInfo))}` }),
        noteRefused: () => {},
        name: 'the key and secret of SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO',
      }
    case 'bearer':
      return {
        headers: async () => ({ authorization: `Bearer ${readSecret(auth.token)}` }),
        noteRefused: () => {},
        name: 'the token of SCHEMA_REGISTRY_BEARER_AUTH_TOKEN',
      }
    case 'oauth':
      return createTokenAuthorizer(auth)
  }
}

function createTokenAuthorizer({
  credentials,
  logicalCluster,
  identityPoolId,
}: Extract<RegistryAuth, { readonly kind: 'oauth' }>): Authorizer {
  const tokens = new TokenCache(() => fetchToken(credentials))
  let shown = ''
  return {
    async headers() {
      shown = await tokens.token()
      return {
        authorization: `Bearer ${shown}`,
        ...(logicalCluster !== undefined && { 'target-sr-cluster': logicalCluster }),
        ...(identityPoolId !== undefined && { 'confluent-identity-pool-id': identityPoolId }),
      }
    },
    noteRefused: () => tokens.drop(shown),
    name: `a token for '${credentials.clientId}' from ${credentials.endpointUrl}`,
  }
}

function base64Of(text: string): string {
  return Buffer.from(text).toString('base64')
}
