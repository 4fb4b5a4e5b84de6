import assert from 'node:assert/strict'
import type { FastifyRequest } from 'fastify'
import { test } from 'node:test'
import { LOOK_EVERY_MS, UntakenAnswers } from '../../../../src/api/admission/untaken-answers.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function setUp() {
  const clock = new ManualClock()
  const answers = new UntakenAnswers(clock)
  const ended: string[] = []
  const add = (name: string, { isAnswering = true, writableLength = 1 } = {}): FastifyRequest => {
    const socket = { writableLength, destroy: () => ended.push(name) }
    const request = { stay: { isAnswering }, raw: { socket } } as unknown as FastifyRequest
    answers.add(request)
    return request
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

test('a request at work keeps its place, and so does one behind it whose answer is there', () => {
  const { clock, answers, ended, add } = setUp()
  add('at work', { isAnswering: false })
  add('behind', { writableLength: 0 })
  add('slow')
  answers.makeRoom()
  clock.advance(LOOK_EVERY_MS)
  answers.makeRoom()
  assert.deepEqual(ended, ['slow'])
})
