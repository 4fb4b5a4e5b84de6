import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownShareOf, shareOf } from '../../../bench/observation/share-of.ts'

function frame(functionName: string, url = '') {
  return { functionName, url }
}

test('what a file lets Node.js do is its own time, and what it calls in other files is not', () => {
  const nodes = [
    { id: 1, callFrame: frame('(root)'), children: [2, 3] },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('measure', 'file:///src/measures.ts'), children: [4, 5] },
    { id: 4, callFrame: frame('randomBytes', 'node:crypto'), children: [6] },
    { id: 5, callFrame: frame('publish', 'file:///src/publisher.ts'), children: [7] },
    { id: 6, callFrame: frame('fill') },
    { id: 7, callFrame: frame('write', 'node:net') },
  ]
  const samples = [2, 2, 3, 4, 6, 5, 7, 7, 7, 1]
  assert.equal(shareOf({ nodes, samples }, /measures/u), 3 / 8)
  assert.equal(ownShareOf({ nodes, samples }, /measures/u), 1 / 8)
})
