import assert from 'node:assert/strict'
import { test } from 'node:test'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import type { FastifyBaseLogger } from 'fastify'
import { watchDependencies } from '../../src/compose-observation.ts'
import { ManualClock } from '../support/manual-clock.ts'

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
