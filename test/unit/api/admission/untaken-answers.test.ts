import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { LOOK_EVERY_MS, UntakenAnswers } from '../../../../src/api/admission/untaken-answers.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function setUp() {
  const clock = new ManualClock()
  const answers = new UntakenAnswers(clock)
  const ended: string[] = []
  const add = (name: string, { writableEnded = true, writableLength = 1 } = {}): ServerResponse => {
    const socket = { writableLength, destroy: () => ended.push(name) }
    const response = { writableEnded, req: { socket } } as unknown as ServerResponse
    answers.add(response)
    return response
  }
  return { clock, answers, ended, add }
}

test('an answer that is not taken at two looks, a second apart, gives its place away', () => {
  const { clock, answers, ended, add } = setUp()
  add('slow')
  const quick = add('quick')
  answers.makeRoom()
  answers.remove(quick)
  add('late')
  clock.advance(LOOK_EVERY_MS - 1)
  answers.makeRoom()
  assert.deepEqual(ended, [])
  clock.advance(1)
  answers.makeRoom()
  assert.deepEqual(ended, ['slow'])
})

test('a request at work keeps its place, and so does one whose answer the socket has taken', () => {
  const { clock, answers, ended, add } = setUp()
  add('at work', { writableEnded: false })
  add('taken', { writableLength: 0 })
  add('slow')
  answers.makeRoom()
  clock.advance(LOOK_EVERY_MS)
  answers.makeRoom()
  assert.deepEqual(ended, ['slow'])
})
