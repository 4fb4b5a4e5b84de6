import assert from 'node:assert/strict'
import { chmod, chown, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, suite, test } from 'node:test'
import { Client } from 'pg'
import { inspectStore } from '../../src/service/storage/postgres/inspect.ts'
import { createAuthority, type Authority } from '../support/certificates.ts'
import { freshSettings, startOwnService } from '../support/own-service.ts'
import { spawnService, startService } from '../support/service-process.ts'
import { startPostgresCluster, type PostgresCluster } from '../support/postgres-cluster.ts'
import { until } from '../support/until.ts'

/** A PostgreSQL with a certificate of a private authority: who is believed, and what is said otherwise. */

/** As test/support/postgres-cluster.ts runs it. */
const SERVER_USER = 65_534

suite('a database with a private authority', () => {
  let folder: string
  let authority: Authority
  let cluster: PostgresCluster

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cart-service-postgres-tls-'))
    await chmod(folder, 0o755)
    authority = await createAuthority(folder)
    const { certificateFile, keyFile } = await authority.issue('database', {
      altNames: 'DNS:localhost,IP:127.0.0.1',
    })
    // The server refuses a key that others may read.
    const ownKey = join(folder, 'server.key')
    await copyFile(keyFile, ownKey)
    await chmod(ownKey, 0o600)
    if (process.getuid?.() === 0) await chown(ownKey, SERVER_USER, SERVER_USER)
    cluster = await startPostgresCluster({
      listen_addresses: '127.0.0.1,127.0.0.2',
      ssl: 'on',
      ssl_cert_file: certificateFile,
      ssl_key_file: ownKey,
    })
  })
  after(async () => {
    await cluster.close()
    await rm(folder, { recursive: true, force: true })
  })

  function inspect(parameters: string, host = 'localhost', passwordFile?: string) {
    const url = new URL(cluster.url)
    url.hostname = host
    if (passwordFile !== undefined) url.password = ''
    const address = { url: `${url.href}${parameters}`, passwordFile, database: 'of the test' }
    return inspectStore({ ...address, mustBeDurable: false })
  }

  test('is used by name and by address where the authority is known', async () => {
    const known = `sslrootcert=${authority.caFile}`
    for (const host of ['localhost', '127.0.0.1']) {
      assert.equal((await inspect(`?sslmode=verify-full&${known}`, host)).pendingCount, 0)
    }
    assert.equal((await inspect(`?sslmode=verify-ca&${known}`)).pendingCount, 0)
    assert.equal((await inspect('?sslmode=disable')).pendingCount, 0)
  })

  test('is not used where its authority is unknown, or its certificate for another host', async () => {
    await assert.rejects(
      inspect('?sslmode=verify-full'),
      /the certificate of the database is from nobody whom sslrootcert names/,
    )
    await assert.rejects(inspect('?sslmode=verify-full&sslrootcert=system'), /cannot be reached/)
    const stranger = await createAuthority(folder, 'stranger')
    await assert.rejects(
      inspect(`?sslmode=verify-ca&sslrootcert=${stranger.caFile}`),
      /the certificate of the database is from nobody whom sslrootcert names/,
    )
    // It listens there, too, and the certificate does not say so.
    await assert.rejects(
      inspect(`?sslmode=verify-full&sslrootcert=${authority.caFile}`, '127.0.0.2'),
      /the certificate of the database is for another host .*127\.0\.0\.2/,
    )
  })

  test('gets the password that is in the file now', async () => {
    const path = join(folder, 'password')
    await writeFile(path, 'mistyped')
    await assert.rejects(inspect('', '127.0.0.1', path), (error) => {
      assert.match(String(error), /refuses the user or the password/)
      assert.doesNotMatch(String(error), /mistyped/)
      return true
    })
    await writeFile(path, `${decodeURIComponent(new URL(cluster.url).password)}\n`)
    assert.equal((await inspect('', '127.0.0.1', path)).pendingCount, 0)
  })

  test('a password that is withdrawn is told by health, and the right one needs no restart', async (t) => {
    const passwordFile = join(folder, 'password-of-service')
    const url = new URL(cluster.url)
    await writeFile(passwordFile, decodeURIComponent(url.password))
    url.password = ''
    const service = await startOwnService(t, {
      ...freshSettings(url.href),
      DATABASE_PASSWORD_FILE: passwordFile,
    })
    const storage = async (): Promise<string> => {
      const health = (await (await fetch(`${service.url}/health`)).json()) as {
        checks: { storage: object }
      }
      return JSON.stringify(health.checks.storage)
    }
    let tries = 0
    const create = async () => {
      const response = await fetch(`${service.url}/api/create-order`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ orderId: `ORD-${(tries += 1)}`, numItems: 1 }),
      })
      const { outcome } = (await response.json()) as { outcome?: string }
      return [response.status, outcome]
    }
    assert.deepEqual(await create(), [201, undefined])

    await writeFile(passwordFile, 'mistyped')
    await endSessions(cluster.url)
    await until(
      async () => (await storage()).includes('it refuses the user or the password'),
      'health names the credential',
    )
    assert.deepEqual(await create(), [503, 'not-applied'])

    await writeFile(passwordFile, decodeURIComponent(new URL(cluster.url).password))
    await until(async () => (await create())[0] === 201, 'changes are taken')
    await until(async () => (await storage()).includes('"up"'), 'health is well again')
  })

  test('takes what AWS signs in place of a password, and the start says which package that needs', async (t) => {
    const url = new URL(cluster.url)
    const password = decodeURIComponent(url.password)
    url.password = ''
    url.hostname = 'localhost'
    url.search = `?sslmode=verify-full&sslrootcert=${authority.caFile}`
    const settings = {
      ...freshSettings(url.href),
      DATABASE_AUTH: 'aws-iam',
      AWS_REGION: 'eu-central-1',
    }
    const signer = signerFor(
      ['localhost', Number(url.port), url.username, 'eu-central-1'],
      password,
    )
    const service = await startService(settings, { imports: [signer] })
    t.after(() => service.end('SIGKILL'))
    const created = await fetch(`${service.url}/api/create-order`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ orderId: 'ORD-signed', numItems: 1 }),
    })
    assert.equal(created.status, 201)

    const without = await spawnService(settings)
    assert.equal((await without.exited).code, 1)
    assert.match(without.output(), /needs the package @aws-sdk\/rds-signer.*npm install/)
  })

  test('is refused behind a pool that forgets what a session asks for', async () => {
    await using pool = await startForgetfulPool(cluster.port)
    const url = new URL(cluster.url)
    url.port = String(pool.port)
    await assert.rejects(
      inspectStore({ url: url.href, database: 'of the test', mustBeDurable: false }),
      /a pool stands before it and changes its sessions: give the service the address of PostgreSQL/,
    )
  })
})

/** A module that stands for the package: it gives this password for this database, and for no other. */
function signerFor(database: readonly unknown[], password: string): string {
  const source = `export class Signer {
    constructor({ hostname, port, username, region }) {
      this.database = JSON.stringify([hostname, port, username, region])
    }
    async getAuthToken() {
      const isFor = this.database === ${JSON.stringify(JSON.stringify(database))}
      return isFor ? ${JSON.stringify(password)} : 'for another one'
    }
  }`
  const url = `data:text/javascript,${encodeURIComponent(source)}`
  const hook = `import { registerHooks } from 'node:module'
  registerHooks({
    resolve: (name, context, next) =>
      name === '@aws-sdk/rds-signer' ? { url: '${url.replaceAll("'", '%27')}', shortCircuit: true } : next(name, context),
  })`
  return `data:text/javascript,${encodeURIComponent(hook)}`
}

async function endSessions(url: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query(`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`)
  await client.end()
}

/** As PgBouncer with `ignore_startup_parameters`: a setting is taken, and not passed on. */
async function startForgetfulPool(port: number) {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const database = connect(port, '127.0.0.1')
    for (const socket of [client, database]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    client.once('data', (startup: Buffer) => {
      database.write(withoutParameter(startup, 'statement_timeout'))
      client.pipe(database)
    })
    database.pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A startup message: its length, the version of the protocol, then names and values that end with zeros. */
function withoutParameter(startup: Buffer, name: string): Buffer {
  const words = startup.subarray(8).toString('latin1').split('\0')
  const at = words.indexOf(name)
  assert.notEqual(at, -1)
  words.splice(at, 2)
  const body = Buffer.from(words.join('\0'), 'latin1')
  const head = Buffer.from(startup.subarray(0, 8))
  head.writeInt32BE(8 + body.length)
  return Buffer.concat([head, body])
}
