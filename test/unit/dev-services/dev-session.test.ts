import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DevSession, StopRequested } from '../../../dev-services/dev-session.ts'
import type { ProcessExit } from '../../../dev-services/supervised-process.ts'

function fakeProcess(events: string[], name: string) {
  const exited = Promise.withResolvers<ProcessExit>()
  return {
    exited: exited.promise,
    end: exited.resolve,
    signal: (signal: NodeJS.Signals) => void events.push(`${name} ${signal}`),
    stop: async () => void events.push(`${name} stopped`),
  }
}

suite('a dev session', () => {
  test('stops in reverse order of the start', async () => {
    const events: string[] = []
    const session = new DevSession()
    session.own('Kafka', fakeProcess(events, 'kafka'))
    session.own('The service', fakeProcess(events, 'service'))
    session.requestStop()
    assert.ok((await session.ended()) instanceof StopRequested)
    await session.stopAll()
    assert.deepEqual(events, ['service stopped', 'kafka stopped'])
  })

  test('ends with a sentence when what it owns ends by itself', async () => {
    const session = new DevSession()
    const service = fakeProcess([], 'service')
    session.own('The service', service)
    service.end({ code: 1, signal: null })
    const reason = await session.ended()
    assert.ok(reason instanceof Error)
    assert.equal(reason.message, 'The service ended with exit code 1, so everything is stopped.')
  })

  test('keeps the first reason', async () => {
    const session = new DevSession()
    session.fail(new Error('first'))
    session.requestStop()
    assert.deepEqual(await session.ended(), new Error('first'))
  })

  test('takes one key press that arrives twice for one, and kills at a second', () => {
    const events: string[] = []
    let nowMs = 5_000
    const session = new DevSession(() => nowMs)
    session.own('Kafka', fakeProcess(events, 'kafka'))
    session.requestStop()
    nowMs += 10
    session.requestStop()
    assert.deepEqual(events, [])
    nowMs += 2_000
    session.requestStop()
    assert.deepEqual(events, ['kafka SIGKILL'])
  })
})
