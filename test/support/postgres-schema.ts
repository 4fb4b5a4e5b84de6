import { randomUUID } from 'node:crypto'
import { Client, DatabaseError, type QueryResultRow } from 'pg'
import { postgresUrl } from './infrastructure.ts'

const ROLE = 'cart'
export const ROLE_PASSWORD = 'role-secret'

/** An empty schema for one test, owned by an ordinary role. A database of its own takes half a second. */
export interface TestSchema extends AsyncDisposable {
  readonly name: string
  /** As the ordinary role, with the password; `parameters` of the session are added. */
  url(parameters?: Readonly<Record<string, string>>): string
  /** One statement as the superuser. */
  sql<Row extends QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ): Promise<readonly Row[]>
  /** Takes its tables along. */
  drop(): Promise<void>
}

/** In the database of the run, or in the one with this superuser's address, for this role. */
export async function createTestSchema(
  clusterUrl = postgresUrl(),
  role = ROLE,
): Promise<TestSchema> {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  // On one connection: to open it takes longer than both.
  await askOnce(clusterUrl, `${allowLogin(role)}; CREATE SCHEMA ${name} AUTHORIZATION ${role}`)
  const asRole = new URL(clusterUrl)
  asRole.username = role
  asRole.password = ROLE_PASSWORD
  const drop = () => dropSchema(clusterUrl, name)
  return {
    name,
    url: (parameters = {}) => withParameters(asRole, { search_path: name, ...parameters }),
    sql: (text, values) =>
      askOnce(withParameters(new URL(clusterUrl), { search_path: name }), text, values),
    drop,
    [Symbol.asyncDispose]: drop,
  }
}

const DROP_TRIES = 5
const DEADLOCK = '40P01'

/** A service that still runs there locks the tables in another order. The loser was rolled back. */
async function dropSchema(clusterUrl: string, name: string): Promise<void> {
  for (let triesLeft = DROP_TRIES; ; triesLeft -= 1) {
    try {
      await askOnce(clusterUrl, `DROP SCHEMA ${name} CASCADE`)
      return
    } catch (error) {
      const isDeadlock = error instanceof DatabaseError && error.code === DEADLOCK
      if (!isDeadlock || triesLeft === 0) throw error
    }
  }
}

function withParameters(url: URL, parameters: Readonly<Record<string, string>>): string {
  const extended = new URL(url)
  const options = Object.entries(parameters).map(([name, value]) => `-c ${name}=${value}`)
  extended.searchParams.set('options', options.join(' '))
  return extended.href
}

/** Two test files may come here at once. */
function allowLogin(role: string): string {
  return role === ROLE
    ? `
      DO $$
      BEGIN
        CREATE ROLE ${ROLE} LOGIN PASSWORD '${ROLE_PASSWORD}';
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
      END
      $$`
    : `ALTER ROLE ${role} LOGIN PASSWORD '${ROLE_PASSWORD}'`
}

async function askOnce<Row extends QueryResultRow>(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  const client = new Client({ connectionString: url })
  try {
    await client.connect()
    return (await client.query<Row>(text, [...values])).rows
  } finally {
    await client.end()
  }
}
