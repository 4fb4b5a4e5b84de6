import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FastifyInstance, InjectOptions } from 'fastify'
import type { Access } from '../../../src/api/security/authenticate.ts'
import { startTestServer } from '../harness.ts'
import { bearer, CALLERS, knownCallers } from './known-callers.ts'

/** THE table of who may ask what. A route that is not here fails the test. */
const ACCESS: Readonly<Record<string, Access | readonly Access[]>> = {
  'GET /': 'known',
  'POST /api/create-order': 'orders:write',
  'PUT /api/update-order': 'orders:write',
  'GET /api/orders': 'orders:read',
  'GET /api/orders/:orderId': 'orders:read',
  'GET /api/orders/:orderId/events': 'orders:read',
  'GET /api/orders/:orderId/events/:version': 'orders:read',
  'GET /api/events/stream': 'orders:read',
  'GET /api/operations/settings': 'admin',
  'GET /api/operations/publication': 'admin',
  'GET /api/operations/runs': 'admin',
  'POST /api/operations/runs': 'admin',
  'POST /api/operations/erasures': ['admin', 'orders:write'],
  'GET /health': 'admin',
  'GET /metrics': 'admin',
  'GET /health/live': 'open',
  'GET /health/ready': 'open',
  'GET /openapi.json': 'known',
  'GET /asyncapi': 'known',
  'GET /asyncapi.json': 'known',
  'GET /schemas/order.avsc': 'known',
  'GET /redoc': 'known',
  'GET /redoc/redoc.standalone.js': 'open',
  'GET /docs': 'known',
  'GET /docs/': 'known',
  'GET /docs/*': 'known',
  'GET /docs/json': 'known',
  'GET /docs/yaml': 'known',
  'GET /docs/static/index.html': 'known',
  'GET /docs/static/swagger-initializer.js': 'known',
  'GET /docs/static/theme/header.js': 'known',
  'GET /docs/static/theme/labels.js': 'known',
  'GET /console': 'known',
  'GET /login': 'open',
  'POST /login': 'open',
  'POST /logout': 'open',
}

/** The files that the pages load. */
const FILE = /^GET \/(?:docs\/static|console)\/[\w.-]+$/

function accessOf(route: string): Access | readonly Access[] | undefined {
  return ACCESS[route] ?? (FILE.test(route) ? 'open' : undefined)
}

/** `GET /path` of every route; HEAD is GET without a body. */
function listRoutes(server: FastifyInstance): readonly string[] {
  const trail: string[] = []
  return server
    .printRoutes({ commonPrefix: false })
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', part = '', methods = ''] =
        /^([│ ]*)[├└]── (\S+) \((.+)\)$/u.exec(line) ?? []
      trail.splice(indent.length / 4, trail.length, part)
      const names = methods.split(', ').filter((method) => method !== 'HEAD')
      return names.map((method) => `${method} ${trail.join('')}`)
    })
}

/** The star is printed higher up than it is. */
function requestOf(route: string): InjectOptions {
  const [method, path = ''] = route.split(' ')
  const url = path
    .replace(':orderId', 'ORD-1')
    .replace(':version', '1')
    .replace('*', 'static/nothing')
  const orderId = { orderId: 'ORD-1' }
  // Without Origin they are refused to everybody, which is another test's.
  if (url.startsWith('/log')) return { method: 'GET', url }
  if (url.endsWith('/runs') && method === 'POST')
    return { method, url, payload: { tool: 'doctor' } }
  if (method === 'POST') return { method, url, payload: { ...orderId, numItems: 1 } }
  if (method === 'PUT') return { method, url, payload: { ...orderId, status: 'confirmed' } }
  return { method: 'GET', url }
}

function isAllowed(needed: Access | readonly Access[], caller: string | undefined): boolean {
  return [needed].flat().every((access) => isOneAllowed(access, caller))
}

function isOneAllowed(access: Access, caller: string | undefined): boolean {
  if (access === 'open') return true
  const scopes = caller === undefined ? undefined : CALLERS[caller]
  if (scopes === undefined) return false
  return access === 'known' || scopes.includes(access)
}

// No reader of the stream is let in, so that its answers end.
const SETTINGS = { streamReadersMax: 0 }

test('every route is in the table of who may ask it', async (t) => {
  const { server } = await startTestServer(t, { callers: knownCallers })
  await server.ready()
  const routes = listRoutes(server)
  assert.deepEqual(
    routes.filter((route) => accessOf(route) === undefined),
    [],
  )
  assert.deepEqual(
    Object.keys(ACCESS).filter((route) => !routes.includes(route)),
    [],
  )
})

for (const caller of [undefined, 'stranger', ...Object.keys(CALLERS)]) {
  test(`${caller ?? 'nobody'} gets what the table says, and nothing else`, async (t) => {
    const { server } = await startTestServer(t, { callers: knownCallers, settings: SETTINGS })
    await server.ready()
    for (const route of listRoutes(server)) {
      const access = accessOf(route)
      assert.ok(access)
      const headers = caller === undefined ? {} : bearer(caller)
      const { statusCode } = await server.inject({ ...requestOf(route), headers })
      const refusal = caller !== undefined && caller in CALLERS ? 403 : 401
      const said = [401, 403].includes(statusCode) ? statusCode : 'let in'
      assert.equal(said, isAllowed(access, caller) ? 'let in' : refusal, route)
    }
  })
}

test('without API_AUTH everybody may ask everything', async (t) => {
  const { server } = await startTestServer(t, { settings: SETTINGS })
  await server.ready()
  for (const route of listRoutes(server)) {
    const { statusCode } = await server.inject(requestOf(route))
    assert.ok(![401, 403].includes(statusCode), route)
  }
})

test('a route that somebody forgets to give its access is for operators alone', async (t) => {
  const { server } = await startTestServer(t, { callers: knownCallers })
  server.get('/forgotten', async () => 'x')
  const statusOf = async (caller: string): Promise<number> =>
    (await server.inject({ url: '/forgotten', headers: bearer(caller) })).statusCode
  assert.equal(await statusOf('backoffice'), 403)
  assert.equal(await statusOf('operator'), 200)
})
