import process from 'node:process'

/** The servers that all tests of a run share. Each test owns its topic and its subject by a fresh name. */
export interface Infrastructure {
  /** `host:port` */
  readonly kafkaBootstrapServers: string
  /** Without a trailing slash. */
  readonly schemaRegistryUrl: string
}

/** A PostgreSQL cluster, as its superuser, with the password. */
export function postgresUrl(): string {
  const url = process.env['CART_TEST_POSTGRES']
  if (url !== undefined) return url
  throw new Error(
    'This test needs PostgreSQL: run it with `npm test`, or set CART_TEST_POSTGRES ' +
      '(postgres://superuser:password@host:port/postgres) to a server that is running.',
  )
}

/** What global-setup.ts started, or what the developer named. Throws where neither happened. */
export function infrastructure(): Infrastructure {
  const kafkaBootstrapServers = process.env['CART_TEST_KAFKA']
  const schemaRegistryUrl = process.env['CART_TEST_REGISTRY']
  if (kafkaBootstrapServers === undefined || schemaRegistryUrl === undefined) {
    throw new Error(
      'This test needs Kafka and a schema registry: run it with `npm test`, or set CART_TEST_KAFKA ' +
        '(host:port) and CART_TEST_REGISTRY (http://host:port) to servers that are running.',
    )
  }
  return { kafkaBootstrapServers, schemaRegistryUrl }
}
