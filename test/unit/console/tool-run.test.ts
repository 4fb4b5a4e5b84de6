import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { untilEnded, type ToolOutcome, type ToolRun } from '../../../src/console/tool-run.ts'

const BEGUN: ToolRun = {
  tool: 'audit',
  state: 'running',
  startedAt: '2026-01-31T10:00:00.000Z',
  endedAt: null,
  topic: null,
  progress: null,
  problem: null,
  result: null,
}

const OLD_RUN_ELSEWHERE: ToolRun = {
  ...BEGUN,
  state: 'done',
  startedAt: '2026-01-30T10:00:00.000Z',
  result: 'of another instance',
}

const ENDED: ToolRun = { ...BEGUN, state: 'done', result: 'of this run' }

/** How often the test lets the console look; it gives up before. */
const TICKS_MAX = 100

/** The answers come in turn, the last of them for ever. */
async function follow(
  t: TestContext,
  answers: readonly (readonly ToolRun[] | undefined)[],
): Promise<ToolOutcome | undefined> {
  let asked = 0
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const listRuns = (): Promise<readonly ToolRun[] | undefined> => {
    const answer = answers[Math.min(asked, answers.length - 1)]
    asked += 1
    return Promise.resolve(answer)
  }
  let outcome: ToolOutcome | undefined
  void untilEnded(BEGUN, listRuns, () => {}).then((one) => {
    outcome = one
  })
  for (let ticks = 0; ticks < TICKS_MAX && outcome === undefined; ticks += 1) {
    t.mock.timers.tick(500)
    await setImmediate()
  }
  return outcome
}

test('a run is found again between answers of another instance', async (t) => {
  const answers = [[OLD_RUN_ELSEWHERE], [], undefined, [BEGUN], [OLD_RUN_ELSEWHERE], [ENDED]]
  assert.deepEqual(await follow(t, answers), { kind: 'run', run: ENDED })
})

test('a run that no instance has any more is given up, with what to do', async (t) => {
  const outcome = await follow(t, [[BEGUN], [OLD_RUN_ELSEWHERE]])
  assert.ok(outcome?.kind === 'failed')
  assert.match(outcome.sentence, /another instance answers\. Run it again\.$/u)
})
