import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { access, chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { findFreePort } from '../../dev-services/ports.ts'
import { startSupervised, type SupervisedProcess } from '../../dev-services/supervised-process.ts'
import { waitForStart } from '../../dev-services/wait-for-start.ts'

const run = promisify(execFile)

const INIT_TIMEOUT_MS = 60_000
const INSTALL_TIMEOUT_MS = 300_000
const CONNECT_TIMEOUT_MS = 2_000
const KILL_AFTER_MS = 10_000

/** The server refuses to run as root; to this user belongs nothing else. */
const ORDINARY_USER = 65_534

const PASSWORD = 'superuser-secret'

/** A PostgreSQL server of its own, with data in a temporary folder. */
export interface PostgresCluster {
  /** As the superuser, with the password. */
  readonly url: string
  readonly port: number
  /** Ends all sessions and the server without a checkpoint, as a loss of power would; resolves when it is gone. */
  crash(): Promise<void>
  /** Starts again on the same port and data; resolves when it answers. */
  start(): Promise<void>
  /** Stops it and removes its data. Idempotent. */
  close(): Promise<void>
}

/** `settings` are server parameters, such as `max_connections`. */
export async function startPostgresCluster(
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresCluster> {
  return startCluster(settings, async (dir) => initialise(await findBinaries(), dir))
}

/** `fill` makes the data in a folder. */
async function startCluster(
  settings: Readonly<Record<string, string>>,
  fill: (dir: string) => Promise<void>,
): Promise<PostgresCluster> {
  const binaries = await findBinaries()
  const dir = await mkdtemp(join(tmpdir(), 'cart-service-postgres-'))
  const remove = (): Promise<void> => rm(dir, { recursive: true, force: true })
  const port = await findFreePort()
  const url = `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`
  const startOnData = (): Promise<SupervisedProcess> =>
    startServer({ binaries, dir, port, url, settings })
  let server: SupervisedProcess
  try {
    await fill(dir)
    server = await startOnData()
  } catch (error) {
    await remove()
    throw error
  }
  return {
    url,
    port,
    async crash() {
      server.signal('SIGQUIT')
      await server.exited
    },
    async start() {
      server = await startOnData()
    },
    async close() {
      // A fast shutdown: SIGTERM, which stop() sends, would wait for sessions that a test left open.
      server.signal('SIGINT')
      await server.stop()
      await remove()
    },
  }
}

/** A server that follows another one, and can take its place. */
export interface PostgresStandby extends PostgresCluster {
  /** Resolves when it takes writes. */
  promote(): Promise<void>
}

/** A copy of the server on this port, which follows it by the same port: a link may be in between. */
export async function startStandby(primaryPort: number): Promise<PostgresStandby> {
  const binaries = await findBinaries()
  const cluster = await startCluster({}, async (dir) => {
    if (isRoot()) await chown(dir, ORDINARY_USER, ORDINARY_USER)
    const [command = '', ...args] = asOrdinaryUser(join(binaries, 'pg_basebackup'))
    const source = `host=127.0.0.1 port=${primaryPort} user=postgres password=${PASSWORD}`
    const options = ['--write-recovery-conf', '--checkpoint=fast', '--no-sync']
    await run(
      command,
      [...args, `--dbname=${source}`, `--pgdata=${join(dir, 'data')}`, ...options],
      {
        cwd: dir,
        timeout: INIT_TIMEOUT_MS,
      },
    )
  })
  return {
    ...cluster,
    async promote() {
      const client = new Client({ connectionString: cluster.url })
      await client.connect()
      try {
        await client.query('SELECT pg_promote(true)')
      } finally {
        await client.end()
      }
    },
  }
}

async function initialise(binaries: string, dir: string): Promise<void> {
  const passwordFile = join(dir, 'password')
  await writeFile(passwordFile, PASSWORD)
  if (isRoot()) {
    for (const path of [dir, passwordFile]) await chown(path, ORDINARY_USER, ORDINARY_USER)
  }
  await chmod(dir, 0o700)
  const [command = '', ...args] = asOrdinaryUser(join(binaries, 'initdb'))
  await run(
    command,
    [
      ...args,
      `--pgdata=${join(dir, 'data')}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C.UTF-8',
      '--no-sync',
    ],
    { cwd: dir, timeout: INIT_TIMEOUT_MS },
  )
}

interface ServerPlace {
  readonly binaries: string
  readonly dir: string
  readonly port: number
  readonly url: string
  readonly settings: Readonly<Record<string, string>>
}

async function startServer(place: ServerPlace): Promise<SupervisedProcess> {
  const { binaries, dir, port, url, settings } = place
  const parameters = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings }
  const [command = '', ...args] = asOrdinaryUser(join(binaries, 'postgres'))
  const logFile = join(dir, 'server.log')
  const server = await startSupervised({
    command,
    args: [
      ...args,
      '-D',
      join(dir, 'data'),
      '-p',
      String(port),
      ...Object.entries(parameters).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    cwd: dir,
    output: { file: logFile },
    killAfterMs: KILL_AFTER_MS,
  })
  await waitForStart(server, {
    name: 'PostgreSQL',
    isReady: () => answers(url),
    logFile,
    signal: undefined,
  })
  return server
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: CONNECT_TIMEOUT_MS,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('SELECT 1')
    return true
  } catch {
    return false
  } finally {
    await client.end()
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

function asOrdinaryUser(command: string): readonly string[] {
  if (!isRoot()) return [command]
  const id = String(ORDINARY_USER)
  return ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups', command]
}

/** The folder of `initdb`, `postgres`, `pg_dump` and others, which Debian keeps out of PATH. */
export async function findBinaries(): Promise<string> {
  const found = (await findInstalled()) ?? (await install())
  if (found !== undefined) return found
  throw new Error(
    'PostgreSQL cannot be started: no server is installed (initdb and postgres). Install it ' +
      '(Debian: apt-get install postgresql), or set CART_TEST_POSTGRES to a server that is running.',
  )
}

async function findInstalled(): Promise<string | undefined> {
  const newestFirst = globSync('/usr/lib/postgresql/*/bin').toSorted(
    (one, other) => versionOf(other) - versionOf(one),
  )
  const inPath = (process.env['PATH'] ?? '').split(':')
  for (const folder of [...newestFirst, await askPgConfig(), ...inPath]) {
    if (folder !== undefined && (await isThere(join(folder, 'initdb')))) return folder
  }
  return undefined
}

function versionOf(folder: string): number {
  return Number(folder.split('/').at(-2))
}

async function askPgConfig(): Promise<string | undefined> {
  return run('pg_config', ['--bindir']).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  )
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** The package starts a cluster of its own, which is none of our business. */
async function install(): Promise<string | undefined> {
  if (!isRoot() || !(await isThere('/usr/bin/apt-get'))) return undefined
  process.stderr.write('PostgreSQL is not installed: apt-get install postgresql …\n')
  const options = {
    timeout: INSTALL_TIMEOUT_MS,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }
  await run('apt-get', ['update'], options)
  await run('apt-get', ['install', '--yes', '--no-install-recommends', 'postgresql'], options)
  return findInstalled()
}
