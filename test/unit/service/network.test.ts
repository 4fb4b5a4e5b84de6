import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { findFreePort } from '../../../dev-services/ports.ts'
import { claimAddress } from '../../../src/service/network.ts'

const isLinux = process.platform === 'linux'

test('an address is one claim’s, and free again behind it', { skip: !isLinux }, async () => {
  const port = await findFreePort()
  const claim = await claimAddress('127.0.0.1', port)
  const taken = { code: 'EADDRINUSE', message: RegExp(`already in use 127\\.0\\.0\\.1:${port}$`) }
  await assert.rejects(claimAddress('127.0.0.1', port), taken)
  // The same socket is reached by these.
  await assert.rejects(claimAddress('0.0.0.0', port), taken)
  await assert.rejects(claimAddress('localhost', port), taken)
  await claim[Symbol.asyncDispose]()
  const later = await claimAddress('0.0.0.0', port)
  await later[Symbol.asyncDispose]()
})

test('to claim an address is not to listen there', async () => {
  const port = await findFreePort()
  await using _claim = await claimAddress('127.0.0.1', port)
  await using server = createServer()
  await once(server.listen({ host: '127.0.0.1', port }), 'listening')
})

test('what another program listens on cannot be claimed, and nothing is left of the try', async () => {
  const server = createServer()
  const port = await findFreePort()
  await once(server.listen({ host: '127.0.0.1', port }), 'listening')
  await assert.rejects(claimAddress('127.0.0.1', port), { code: 'EADDRINUSE' })
  await server[Symbol.asyncDispose]()
  await using _claim = await claimAddress('127.0.0.1', port)
})
