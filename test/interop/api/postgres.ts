import process from 'node:process'
import { startPostgresCluster } from '../../support/postgres-cluster.ts'

/** A PostgreSQL server for a script: prints its address, and lives until the input ends. */

const cluster = await startPostgresCluster()
process.stdout.write(`${cluster.url}\n`)
process.stdin.resume()
process.stdin.once('end', () => void cluster.close())
