import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { UNTAKEN_MS_MIN, UntakenAnswers } from '../../../../src/api/admission/untaken-answers.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function setUp() {
  const clock = new ManualClock()
  const answers = new UntakenAnswers(clock)
  const ended: string[] = []
  const add = (name: string, writableLength = 1) => {
    const socket = { writableLength, destroy: () => ended.push(name) }
    return answers.add(socket as unknown as Socket)
  }
  return { clock, answers, ended, add }
}

test('an answer that is not taken keeps its place for a second, and then as long as nobody needs it', () => {
  const { clock, answers, ended, add } = setUp()
  add('slow')
  const taken = add('quick')
  clock.advance(UNTAKEN_MS_MIN - 1)
  answers.makeRoom()
  assert.deepEqual(ended, [])
  taken()
  add('late')
  clock.advance(UNTAKEN_MS_MIN)
  answers.makeRoom()
  assert.deepEqual(ended, ['slow', 'late'])
})

test('an answer behind another one that is still at work is not the fault of its client', () => {
  const { clock, answers, ended, add } = setUp()
  add('behind', 0)
  add('slow')
  clock.advance(UNTAKEN_MS_MIN)
  answers.makeRoom()
  assert.deepEqual(ended, ['slow'])
})
