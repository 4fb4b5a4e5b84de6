import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import { findFreePort } from '../../dev-services/ports.ts'
import { startRegistryProxy } from '../../dev-services/registry-proxy.ts'

suite("the development registry's proxy", () => {
  test('hands request and answer through, under the other path', async () => {
    const registry = createServer((request, response) => {
      void readBody(request).then((body) => {
        response.writeHead(422, { 'content-type': 'application/test' })
        response.end(`${request.method} ${request.url} ${request.headers['content-type']} ${body}`)
      })
    })
    registry.listen(0, '127.0.0.1')
    await once(registry, 'listening')
    const port = await findFreePort()
    const proxy = await startRegistryProxy(port, (registry.address() as AddressInfo).port)
    try {
      const response = await fetch(`http://localhost:${port}/subjects/a%2Fb/versions?x=1`, {
        method: 'POST',
        headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
        body: '{}',
      })
      assert.equal(response.status, 422)
      assert.equal(response.headers.get('content-type'), 'application/test')
      assert.equal(
        await response.text(),
        'POST /apis/ccompat/v7/subjects/a%2Fb/versions?x=1 application/vnd.schemaregistry.v1+json {}',
      )
    } finally {
      await proxy.close()
      registry.closeAllConnections()
      registry.close()
    }
  })

  test('answers 503 while the registry is away', async () => {
    const port = await findFreePort()
    const proxy = await startRegistryProxy(port, await findFreePort())
    try {
      const response = await fetch(`http://localhost:${port}/subjects`)
      assert.equal(response.status, 503)
      assert.match(await response.text(), /does not answer/)
    } finally {
      await proxy.close()
    }
  })
})

async function readBody(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk)
  return body
}
