import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BoundedLines } from '../../../src/service/bounded-lines.ts'

function linesOf(parts: readonly string[], lengthMax = 4): Array<string | undefined> {
  const found: Array<string | undefined> = []
  const lines = new BoundedLines(lengthMax, (line) => found.push(line))
  for (const part of parts) lines.add(part)
  lines.end()
  return found
}

test('an output that comes in pieces is its lines', () => {
  assert.deepEqual(linesOf(['on', 'e\n\ntw', 'o', '\n', 'last']), ['one', '', 'two', 'last'])
  assert.deepEqual(linesOf(['one\n']), ['one'])
  assert.deepEqual(linesOf([]), [])
})

test('of a line that is too long nothing is kept, and the next one is', () => {
  assert.deepEqual(linesOf(['four\n', '12345', '\nnext\n']), ['four', undefined, 'next'])
  assert.deepEqual(linesOf(['123', '45', 'x', '\nnext\n']), [undefined, 'next'])
  assert.deepEqual(linesOf(['12', '345']), [undefined])
})
