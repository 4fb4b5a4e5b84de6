import { Type } from 'typebox'
import {
  CLIENT_SECRET,
  isTokenEndpoint,
  isWord,
  parseRegistryUrl,
  TOKEN_ENDPOINT_FORM,
} from './setting-text.ts'
import {
  flag,
  integer,
  pemFile,
  secret,
  secretFile,
  text,
  type SecretRule,
} from './setting-forms.ts'

/** A comma that is no part of a password. */
const SEVERAL = /,(?:https?:|[^@]*$)/

const USER_INFO: SecretRule = {
  form: 'key:secret',
  accepts: (value) => /^[^:\p{Cc}]+:\P{Cc}*$/u.test(value),
}

const TOKEN: SecretRule = {
  form: 'a token: printable ASCII characters without blanks',
  accepts: (value) => /^[\x21-\x7E]+$/.test(value),
}

/** Confluent's own words for these, with underscores for its dots. */

export const registrySettings = {
  SCHEMA_REGISTRY_URL: text(
    "Address of the Confluent Schema Registry API. It may have a path (Apicurio's is /apis/ccompat/v7) and credentials (http://key:secret@host).",
    {
      form: 'an http:// or https:// address without query and fragment',
      default: 'http://localhost:8081',
      mayHoldSecret: true,
      accepts: (value) => parseRegistryUrl(value) !== undefined,
      explain: (value) =>
        SEVERAL.test(value)
          ? 'must be one address: for several registries, set the name of what stands before them'
          : undefined,
    },
  ),
  SCHEMA_REGISTRY_SSL_CA_LOCATION: Type.Optional(
    pemFile(
      "Certificates of the authorities that the registry's certificate must come from. system: those of the operating system. Unset: those that come with Node.js.",
      ['system'],
    ),
  ),
  SCHEMA_REGISTRY_SSL_CERTIFICATE_LOCATION: Type.Optional(
    pemFile('The certificate of this service and its chain, for a registry that demands one.'),
  ),
  SCHEMA_REGISTRY_SSL_KEY_LOCATION: Type.Optional(
    pemFile('The private key of that certificate, without a password.'),
  ),
  SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO: Type.Optional(
    secret('Credentials for the registry; they win over those in its address.', USER_INFO),
  ),
  SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO_FILE: Type.Optional(
    secretFile('SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO', USER_INFO),
  ),
  SCHEMA_REGISTRY_BEARER_AUTH_TOKEN: Type.Optional(
    secret('A token for the registry that does not change.', TOKEN),
  ),
  SCHEMA_REGISTRY_BEARER_AUTH_TOKEN_FILE: Type.Optional(
    secretFile('SCHEMA_REGISTRY_BEARER_AUTH_TOKEN', TOKEN),
  ),
  SCHEMA_REGISTRY_BEARER_AUTH_ISSUER_ENDPOINT_URL: Type.Optional(
    text('Where tokens for the registry are had, by OAuth client credentials.', {
      form: TOKEN_ENDPOINT_FORM,
      accepts: isTokenEndpoint,
    }),
  ),
  SCHEMA_REGISTRY_BEARER_AUTH_CLIENT_ID: Type.Optional(
    text('The client that asks for them.', { form: 'a client id', accepts: isWord }),
  ),
  SCHEMA_REGISTRY_BEARER_AUTH_CLIENT_SECRET: Type.Optional(secret('Its secret.', CLIENT_SECRET)),
  SCHEMA_REGISTRY_BEARER_AUTH_CLIENT_SECRET_FILE: Type.Optional(
    secretFile('SCHEMA_REGISTRY_BEARER_AUTH_CLIENT_SECRET', CLIENT_SECRET),
  ),
  SCHEMA_REGISTRY_BEARER_AUTH_SCOPE: Type.Optional(
    text('The scope that it asks for.', { form: 'scopes, separated by blanks', accepts: isWord }),
  ),
  SCHEMA_REGISTRY_BEARER_AUTH_LOGICAL_CLUSTER: Type.Optional(
    text('Of Confluent Cloud with OAuth: the id of the registry, lsrc-…', {
      form: 'an id: letters, digits and hyphens',
      accepts: isId,
    }),
  ),
  SCHEMA_REGISTRY_BEARER_AUTH_IDENTITY_POOL_ID: Type.Optional(
    text('Of Confluent Cloud with OAuth: the id of the identity pool, pool-…', {
      form: 'an id: letters, digits and hyphens',
      accepts: isId,
    }),
  ),
  SCHEMA_REGISTRY_AUTO_REGISTER: flag(
    'Register the schemas at start, and give their subjects the compatibility FULL_TRANSITIVE where they have none of their own. With false they must be there already, and the registry is only read.',
    true,
  ),
  SCHEMA_REGISTRY_TIMEOUT_MS: integer(
    'How long one question to the registry may take, all its tries together.',
    { minimum: 100, maximum: 60_000, default: 3_000 },
  ),
}

function isId(value: string): boolean {
  return /^[\w-]{1,100}$/.test(value)
}
