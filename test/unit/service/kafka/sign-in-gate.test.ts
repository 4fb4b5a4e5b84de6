import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SignInRefused } from '../../../../src/service/kafka/sasl.ts'
import { SignInGate } from '../../../../src/service/kafka/sign-in-gate.ts'

function gateAt() {
  const state = { nowMs: 0, tried: [] as number[] }
  const gate = new SignInGate(() => state.nowMs)
  const refuse = async (): Promise<never> => {
    state.tried.push(state.nowMs / 1_000)
    throw new SignInRefused('no')
  }
  return { state, gate, refuse }
}

test('a refused credential is tried by one of many, then after longer and longer times', async () => {
  const { state, gate, refuse } = gateAt()
  for (; state.nowMs < 100_000; state.nowMs += 500) {
    const attempts = Array.from({ length: 5 }, () => gate.enter('a:1', 'wrong', refuse))
    for (const { status } of await Promise.allSettled(attempts)) assert.equal(status, 'rejected')
  }
  assert.deepEqual(state.tried, [0, 1, 3, 7, 15, 31, 61, 91])
})

test('another credential is tried at once, and one that is taken opens the gate for all', async () => {
  const { gate, refuse } = gateAt()
  await assert.rejects(gate.enter('a:1', 'wrong', refuse), /no/)
  assert.equal(await gate.enter('a:1', 'right', async () => 1), 1)
  let atOnce = 0
  let most = 0
  const attempt = async (): Promise<void> => {
    atOnce += 1
    most = Math.max(most, atOnce)
    await Promise.resolve()
    atOnce -= 1
  }
  await Promise.all([1, 2, 3].map(() => gate.enter('a:1', 'right', attempt)))
  assert.equal(most, 3)
})

test('a network that fails refuses nothing', async () => {
  const { gate } = gateAt()
  const away = Promise.reject(new Error('ECONNREFUSED'))
  await assert.rejects(
    gate.enter('a:1', 'right', () => away),
    /ECONNREFUSED/,
  )
  assert.equal(await gate.enter('a:1', 'right', async () => 1), 1)
})
