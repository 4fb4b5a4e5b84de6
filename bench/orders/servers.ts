import { Client } from 'pg'
import { infrastructure, postgresUrl } from '../../test/support/infrastructure.ts'
import { findListener } from './process-usage.ts'

/** What the service works with, as far as it runs on this machine. */
export interface Servers extends AsyncDisposable {
  readonly kafkaPid: number | undefined
  /** The parent of all its sessions. */
  readonly postgresPid: number | undefined
  readonly postgresVersion: string
  /** Written to its log of changes since it was made. */
  readonly walBytes: () => Promise<number>
}

export async function findServers(): Promise<Servers> {
  const postgres = new Client({ connectionString: postgresUrl() })
  await postgres.connect()
  const ask = async (expression: string): Promise<string> => {
    const { rows } = await postgres.query<{ answer: string }>(
      `SELECT (${expression})::text AS answer`,
    )
    return rows[0]?.answer ?? ''
  }
  const kafkaPort = Number(infrastructure().kafkaBootstrapServers.split(':').at(-1))
  return {
    kafkaPid: await findListener(kafkaPort),
    postgresPid: await findListener(Number(new URL(postgresUrl()).port)),
    postgresVersion: await ask(`current_setting('server_version')`),
    walBytes: async () => Number(await ask(`pg_current_wal_lsn() - '0/0'`)),
    [Symbol.asyncDispose]: () => postgres.end(),
  }
}
