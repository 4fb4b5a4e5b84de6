import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shellWord } from '../../../src/cli/shell-word.ts'

test('a command to copy has every order id as one word', () => {
  assert.equal(shellWord('ORD-1'), 'ORD-1')
  assert.equal(shellWord('two words'), "'two words'")
  assert.equal(shellWord("it's"), String.raw`'it'\''s'`)
  assert.equal(shellWord(''), "''")
  assert.equal(shellWord(`it's\u{202e}\\`), String.raw`$'it\'s\u202e\\'`)
  assert.equal(shellWord('a\u0308'), String.raw`$'a\u0308'`)
  assert.equal(shellWord('\u{11131}\u{11127}'), String.raw`$'\U00011131\U00011127'`)
  assert.equal(shellWord('葛\u{e0100}'), String.raw`$'葛\U000e0100'`)
})
