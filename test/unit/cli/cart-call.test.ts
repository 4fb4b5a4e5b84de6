import assert from 'node:assert/strict'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { callWords, cartCall } from '../../../src/cli/cart-call.ts'

const CLONE = fileURLToPath(new URL('../../../', import.meta.url))

function callFrom(t: TestContext, folder: string, ...words: string[]): string {
  const before = process.env['CART_CALLER_FOLDER']
  process.env['CART_CALLER_FOLDER'] = folder
  t.after(() => {
    if (before === undefined) delete process.env['CART_CALLER_FOLDER']
    else process.env['CART_CALLER_FOLDER'] = before
  })
  return cartCall(...words)
}

test('a command that is printed can be pasted where the caller is', (t) => {
  const words = ['update', 'two words', 'shipped']
  assert.equal(callFrom(t, CLONE, ...words), "npx cart update 'two words' shipped")
  assert.equal(
    callFrom(t, CLONE.replace(/\/$/, ''), ...words),
    "npx cart update 'two words' shipped",
  )
  assert.equal(
    callFrom(t, `${CLONE}docs`, ...words),
    `node ${CLONE}bin/cart.mjs update 'two words' shipped`,
  )
})

test('a value or an argument that looks like an option stays one', () => {
  const key = ['key', '-k'] as const
  assert.deepEqual(callWords('create', ['A'], [['items', '2']]), ['create', 'A', '--items', '2'])
  assert.deepEqual(callWords('create', ['-A'], [['items', '2'], key]), [
    'create',
    '--items',
    '2',
    '--key=-k',
    '--',
    '-A',
  ])
  assert.deepEqual(callWords('create', [], [['file', '-']]), ['create', '--file', '-'])
})
