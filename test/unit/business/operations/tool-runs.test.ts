import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ToolRuns, type RunTool } from '../../../../src/business/operations/tool-runs.ts'

const START = new Date('2026-01-31T12:00:00.000Z')

function create(runTool: RunTool): ToolRuns {
  return new ToolRuns({ runTool, clock: { now: () => START } })
}

test('a tool says how far it is, and then what it has found', async () => {
  const end = Promise.withResolvers<unknown>()
  let say: ((line: string) => void) | undefined
  const runs = create((_request, onProgress) => {
    say = onProgress
    return end.promise
  })
  assert.deepEqual(runs.list(), [])
  runs.start({ tool: 'audit' })
  say?.('read 5 of 10 records')
  const begun = { tool: 'audit', state: 'running', startedAt: START }
  assert.deepEqual(runs.list(), [{ ...begun, progress: 'read 5 of 10 records' }])
  end.resolve({ agrees: true })
  await runs.close()
  const ended = { ...begun, state: 'done', endedAt: START, result: { agrees: true } }
  assert.deepEqual(runs.list(), [ended])
})

test('one tool is at work at a time, whichever it is, and after it the next one', async () => {
  const end = Promise.withResolvers<unknown>()
  const runs = create(({ tool }) => (tool === 'audit' ? end.promise : Promise.resolve('well')))
  runs.start({ tool: 'audit' })
  const isAtWork = { code: 'TOOL_AT_WORK' }
  assert.throws(() => runs.start({ tool: 'doctor' }), isAtWork)
  assert.throws(() => runs.start({ tool: 'audit' }), isAtWork)
  end.reject(new Error('the topic could not be found'))
  await new Promise(setImmediate)
  assert.deepEqual(
    runs.list().map(({ state, problem }) => [state, problem]),
    [['failed', 'the topic could not be found']],
  )
  runs.start({ tool: 'doctor' })
  await runs.close()
  assert.deepEqual(
    runs.list().map(({ tool, state }) => [tool, state]),
    [
      ['audit', 'failed'],
      ['doctor', 'done'],
    ],
  )
})

test('closing ends the tool that is at work, and lets no other one begin', async () => {
  const runs = create((_request, _onProgress, signal) => {
    const { promise, reject } = Promise.withResolvers<unknown>()
    signal.addEventListener('abort', () => reject(new Error('ended')))
    return promise
  })
  runs.start({ tool: 'doctor' })
  await runs.close()
  assert.equal(runs.list()[0]?.problem, 'ended')
  assert.throws(() => runs.start({ tool: 'doctor' }), { code: 'SERVICE_DRAINING' })
})
