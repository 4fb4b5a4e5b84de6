import assert from 'node:assert/strict'
import { test } from 'node:test'
import { columnsOf, cut, hang, padEnd, widthOf, wrap } from '../../../src/cli/layout.ts'

test('text is broken between words, and a long word is left whole', () => {
  assert.deepEqual(wrap('one two three', 7), ['one two', 'three'])
  assert.deepEqual(wrap('  one two', 6), ['  one', 'two'])
  assert.deepEqual(wrap('a    b', 10), ['a    b'])
  assert.deepEqual(wrap('see https://example.com/a/long/one now', 12), [
    'see',
    'https://example.com/a/long/one',
    'now',
  ])
  assert.deepEqual(wrap('one two three', 9, '  '), ['one two', '  three'])
})

test('what hangs stays to the right of its lead', () => {
  assert.deepEqual(hang('ok  ', 'one two three four five', 24), [
    'ok  one two three four',
    '    five',
  ])
  assert.deepEqual(hang('l'.repeat(20), 'one two three four five', 24).length, 2)
  assert.deepEqual(hang('ok  ', 'one two three', Infinity), ['ok  one two three'])
})

test('letters of two columns count twice, and marks not at all', () => {
  assert.equal(widthOf('日本'), 4)
  assert.equal(widthOf('e\u0301'), 1)
  assert.equal(padEnd('日本', 6), '日本  ')
  assert.equal(cut('日本日本', 5), '日本…')
  assert.equal(cut('abcdef', 6), 'abcdef')
  assert.equal(cut('abcdefg', 6), 'abcde…')
})

test('only a terminal has columns', () => {
  assert.equal(columnsOf({}), Infinity)
  assert.equal(columnsOf({ isTTY: true, columns: 120 }), 120)
  assert.equal(columnsOf({ isTTY: true, columns: 0 }), 80)
  assert.equal(columnsOf({ isTTY: true, columns: 10 }), 40)
})
