import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askAgain } from '../../../src/business/ask-again.ts'
import { StoreError } from '../../../src/business/ports.ts'

function atOnce(): Promise<void> {
  return Promise.resolve()
}

/** Fails so often, and resolves then. */
function failing(times: number, error: Error) {
  let asked = 0
  const ask = (): Promise<number> => {
    asked += 1
    return asked <= times ? Promise.reject(error) : Promise.resolve(asked)
  }
  return { ask, asked: () => asked }
}

test('a store that fails is asked three times in all', async () => {
  const late = new StoreError('late', 'no')
  assert.equal(await askAgain(failing(2, late).ask, atOnce), 3)
  const gone = failing(3, late)
  await assert.rejects(askAgain(gone.ask, atOnce), late)
  assert.equal(gone.asked(), 3)
})

test('a bug is not asked for again', async () => {
  const bug = failing(1, new TypeError('a bug'))
  await assert.rejects(askAgain(bug.ask, atOnce), TypeError)
  assert.equal(bug.asked(), 1)
})
