import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { request } from 'node:https'
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net'
import { buffer, json } from 'node:stream/consumers'
import { before, test, type TestContext } from 'node:test'
import { connect, type ConnectionOptions } from 'node:tls'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { REFUSED_AT_ONCE_MAX } from '../../../src/api/admission/socket-gate.ts'
import { parseTlsMaterial, type TlsMaterial } from '../../../src/service/callers/tls-material.ts'
import { createAuthority, type IssuedCertificate } from '../../support/certificates.ts'
import { until } from '../../support/until.ts'
import { createFakeCommands, startTestServer } from '../harness.ts'
import { knownCallers } from './known-callers.ts'

interface Pair {
  readonly cert: string
  readonly key: string
}

let ca: string
let server: Pair
let renewed: Pair
let shop: Pair
let stranger: Pair

async function pairOf({ certificateFile, keyFile }: IssuedCertificate): Promise<Pair> {
  const [cert, key] = await Promise.all(
    [certificateFile, keyFile].map((path) => readFile(path, 'utf8')),
  )
  return { cert: cert ?? '', key: key ?? '' }
}

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cart-tls-'))
  const [ours, other] = [await createAuthority(folder), await createAuthority(folder, 'other-ca')]
  ca = await readFile(ours.caFile, 'utf8')
  server = await pairOf(await ours.issue('server'))
  renewed = await pairOf(await ours.issue('renewed'))
  shop = await pairOf(await ours.issue('shop'))
  stranger = await pairOf(await other.issue('stranger'))
  await rm(folder, { recursive: true })
})

async function setUp(t: TestContext, withClients = false, settings = {}) {
  const commands = createFakeCommands()
  let material: TlsMaterial = parseTlsMaterial(
    server.cert,
    server.key,
    withClients ? ca : undefined,
  )
  const listeners: (() => void)[] = []
  const { server: api } = await startTestServer(t, {
    commands,
    settings,
    callers: knownCallers,
    tls: { current: () => material, onReplaced: (listener) => void listeners.push(listener) },
    ...(withClients && { certificateScopes: new Set(['orders:write'] as const) }),
  })
  await api.listen({ host: 'localhost', port: 0 })
  const { port } = api.server.address() as AddressInfo
  const replace = (pair: Pair): void => {
    material = parseTlsMaterial(pair.cert, pair.key, material.ca)
    for (const listener of listeners) listener()
  }
  return { port, commands, replace }
}

const BODY = JSON.stringify({ orderId: 'ORD-1', numItems: 1 })

async function create(port: number, options: ConnectionOptions = {}, headers = {}) {
  const asked = request({
    ...options,
    ...(options.ca === undefined && { ca }),
    host: 'localhost',
    port,
    method: 'POST',
    path: '/api/create-order',
    agent: false,
    headers: { 'content-type': 'application/json', ...headers },
  })
  asked.end(BODY)
  const [response] = await once(asked, 'response')
  return {
    status: response.statusCode as number,
    body: (await json(response)) as { code?: string },
  }
}

const WRITER = { authorization: 'Bearer writer' }

test('the service speaks TLS, 1.2 at least, and nothing else on its port', async (t) => {
  const { port } = await setUp(t)
  assert.equal((await create(port, {}, WRITER)).status, 201)
  assert.equal((await create(port, { maxVersion: 'TLSv1.2' }, WRITER)).status, 201)
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
  await assert.rejects(create(port, old, WRITER), /alert protocol version/)
  const plain = connectTcp(port, 'localhost')
  plain.on('error', () => {})
  plain.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(plain, 'close')
  assert.equal((await create(port, {}, WRITER)).status, 201)
})

test('requests of one connection are answered in their order, however many are sent ahead', async (t) => {
  const { port } = await setUp(t)
  const socket = connect({ host: 'localhost', port, ca })
  const one =
    'GET /api/orders/ORD-1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer reader\r\n'
  socket.write(`${one}\r\n`.repeat(39) + `${one}Connection: close\r\n\r\n`)
  let answers = ''
  socket.setEncoding('utf8').on('data', (text: string) => (answers += text))
  await once(socket, 'close')
  assert.equal(answers.match(/HTTP\/1\.1 200 OK/g)?.length, 40)
})

test('a client without a certificate of our authority is not heard', async (t) => {
  const { port, commands } = await setUp(t, true)
  await assert.rejects(create(port, {}, WRITER))
  await assert.rejects(create(port, stranger, WRITER))
  assert.deepEqual(commands.created, [])
})

test('the subject of a certificate is who the caller is; a key that is shown wins', async (t) => {
  const { port, commands } = await setUp(t, true)
  assert.equal((await create(port, shop)).status, 201)
  assert.equal((await create(port, shop, WRITER)).status, 201)
  assert.deepEqual(
    commands.created.map(({ principal }) => principal),
    ['service_account:CN=shop', 'api_key:writer'],
  )
  const wrong = await create(port, shop, { authorization: 'Bearer stranger' })
  assert.equal(wrong.body.code, 'CREDENTIAL_REFUSED')
})

test('a certificate is replaced under load, and no request fails', async (t) => {
  const { port, replace } = await setUp(t)
  const shownBy = async (): Promise<string> => {
    const socket = connect({ host: 'localhost', port, ca })
    await once(socket, 'secureConnect')
    const { subject } = socket.getPeerCertificate()
    socket.destroy()
    return String(subject.CN)
  }
  assert.equal(await shownBy(), 'server')
  const load = Array.from({ length: 60 }, async (_, number) => {
    if (number === 30) replace(renewed)
    return (await create(port, {}, WRITER)).status
  })
  assert.deepEqual(new Set(await Promise.all(load)), new Set([201]))
  assert.equal(await shownBy(), 'renewed')
})

test('a key that is not the certificate’s is not taken', () => {
  assert.throws(() => parseTlsMaterial(server.cert, renewed.key), /key values mismatch/)
})

test('connections without a handshake have a bound, and those that are closed are not counted', async (t) => {
  const sockets: Socket[] = []
  t.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  const connectionsMax = 2
  const { port } = await setUp(t, false, { connectionsMax })
  const openMax = connectionsMax + REFUSED_AT_ONCE_MAX
  const open = async (): Promise<Socket> => {
    const socket = connectTcp({ host: 'localhost', port })
    sockets.push(socket)
    await once(socket, 'connect')
    return socket
  }
  for (let count = 0; count <= openMax; count += 1) {
    assert.equal((await create(port, {}, WRITER)).status, 201)
  }
  const silent = await Promise.all(Array.from({ length: openMax }, open))
  assert.deepEqual(await buffer(await open()), Buffer.alloc(0))
  assert.ok(silent.every((socket) => !socket.closed))
  silent[0]?.destroy()
  await until(
    async () => (await create(port, {}, WRITER)).status === 201,
    'there is room for a handshake',
  )
})
