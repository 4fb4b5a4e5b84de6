import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import type { FastifyBaseLogger } from 'fastify'
import { Measures } from '../../src/business/measures/measures.ts'
import { listCredentialEnds } from '../../src/compose-credentials.ts'
import { hearOwnership, watchDependencies } from '../../src/compose-observation.ts'
import { loadConfig } from '../../src/config/config.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const REQUEST = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  traceFlags: 1,
}

test('a change of a dependency names no trace, whichever request has noticed it', async (t) => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  t.after(() => context.disable())
  const traces: unknown[] = []
  const note = (): void => void traces.push(trace.getSpanContext(context.active()))
  const logger = { info: note, warn: note } as unknown as FastifyBaseLogger
  await using resources = new AsyncDisposableStack()
  const health = watchDependencies(logger, new ManualClock(), resources)
  context.with(trace.setSpanContext(context.active(), REQUEST), () => {
    health.reportUp('storage')
    health.reportDown('storage', 'it does not answer')
    health.reportUp('storage')
  })
  assert.deepEqual(traces, [undefined, undefined, undefined])
})

/** Some day that nobody here sees. */
const FUTURE_SECONDS = 9_000_000_000

test('the end of a token in a setting is told, and that of a key; of a file somebody takes care', async (t) => {
  const claims = Buffer.from(JSON.stringify({ exp: FUTURE_SECONDS })).toString('base64url')
  const token = `e30.${claims}.x`
  const path = join(await temporaryFolder(t), 'token')
  await writeFile(path, token)
  const endsAt = new Date(FUTURE_SECONDS * 1_000)
  const keyEnds = () => [{ id: 'shop', endsAtMs: endsAt.getTime() }]
  const endsOf = (settings: Record<string, string>) =>
    listCredentialEnds(loadConfig(settings), { tls: undefined, keyEnds })
  const ofKey = { kind: 'api-key', id: 'shop', endsAt }
  assert.deepEqual(endsOf({ SCHEMA_REGISTRY_BEARER_AUTH_TOKEN: token }), [
    { kind: 'registry-token', endsAt },
    ofKey,
  ])
  assert.deepEqual(endsOf({ SCHEMA_REGISTRY_BEARER_AUTH_TOKEN: 'opaque' }), [ofKey])
  assert.deepEqual(endsOf({ SCHEMA_REGISTRY_BEARER_AUTH_TOKEN_FILE: path }), [ofKey])
})

test('what happens to ownership is counted', () => {
  const measures = new Measures()
  const logger = { info: () => {}, warn: () => {} } as unknown as FastifyBaseLogger
  const { onLost, onTakenOver, onHandedOver } = hearOwnership(logger, measures)
  onLost()
  onTakenOver(3)
  onTakenOver(4)
  onHandedOver(2, 5)
  assert.equal(measures.leaseLossCount, 1)
  assert.equal(measures.takenOverEventCount, 7)
  assert.equal(measures.handedOverEventCount, 5)
})
