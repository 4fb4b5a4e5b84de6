import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { postgresUrl } from './infrastructure.ts'

/** A database of its own with a role of its own, for what a schema cannot show. Takes half a second. */
export interface TestDatabase extends AsyncDisposable {
  /** As the superuser: a test schema can be made in it. */
  readonly url: string
  readonly role: string
}

export interface TestDatabaseOptions {
  readonly encoding?: string
  /** A session in the database has these if it does not say otherwise. */
  readonly databaseDefaults?: Readonly<Record<string, string>>
  /** The same of the role, which come first. */
  readonly roleDefaults?: Readonly<Record<string, string>>
}

/** In the cluster of the run, or in the one with this superuser's address. */
export async function createTestDatabase(
  { encoding = 'UTF8', databaseDefaults = {}, roleDefaults = {} }: TestDatabaseOptions,
  clusterUrl = postgresUrl(),
): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const setOf = (owner: string, defaults: Readonly<Record<string, string>>): string[] =>
    Object.entries(defaults).map(([key, value]) => `ALTER ${owner} ${name} SET ${key} = ${value}`)
  await askAll(clusterUrl, [
    `CREATE DATABASE ${name} TEMPLATE template0 ENCODING '${encoding}' LOCALE 'C'`,
    `CREATE ROLE ${name}`,
    ...setOf('DATABASE', databaseDefaults),
    ...setOf('ROLE', roleDefaults),
  ])
  const url = new URL(clusterUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    role: name,
    [Symbol.asyncDispose]: () =>
      askAll(clusterUrl, [`DROP DATABASE ${name} WITH (FORCE)`, `DROP ROLE ${name}`]),
  }
}

async function askAll(url: string, statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url })
  try {
    await client.connect()
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}
