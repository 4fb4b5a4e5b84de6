import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { paintFor, unchangedFor, visible } from '../../../src/cli/paint.ts'

/** As far as styles go, a terminal with colours. */
const terminal = Object.assign(new PassThrough(), {
  isTTY: true,
  getColorDepth: () => 8,
  hasColors: () => true,
})

test('what a terminal obeys, and what nobody sees, is written out', () => {
  const nasty =
    '\u{1b}]0;t\u{7}\u{9b}31m\u{7f}\r\n\t\u{202e}\u{2066}\u{200b}\u{2028}\u{ad}\u{e0001}\u{d800}'
  assert.equal(
    visible(`a ${nasty} z`),
    String.raw`a \u001b]0;t\u0007\u009b31m\u007f\u000d\u000a\u0009\u202e\u2066\u200b\u2028\u00ad\udb40\udc01\ud800 z`,
  )
  assert.equal(
    visible('\u{3164}\u{115f}\u{34f}\u{a0}\u{2800}\u{180b}\u{e0100}'),
    String.raw`\u3164\u115f\u034f\u00a0\u2800\u180b\udb40\udd00`,
  )
  assert.equal(visible('👩‍🚀 ❤️'), '👩‍🚀 ❤️')
  assert.equal(visible('Größe 10 €, 日本, 😀'), 'Größe 10 €, 日本, 😀')
})

test('a line of JSON means the same as before', () => {
  const value = { text: 'a\u{9b}31m\u{7f}\u{202e}\u{e0001}"\\' }
  const line = visible(JSON.stringify(value))
  assert.equal(/[\p{C}]/u.test(line), false)
  assert.deepEqual(JSON.parse(line), value)
})

test('only what was painted here has colour, and the text in it is written out too', () => {
  const painted = paintFor(terminal)('red', 'no\u{1b}[32m')
  assert.equal(visible(painted), '\u{1b}[31mno\\u001b[32m\u{1b}[39m')
  assert.equal(visible(paintFor(new PassThrough())('red', 'no')), 'no')
  assert.equal(visible('<red>yes<>'), '<red>yes<>')
})

test('a line for a file is left as it is, and a terminal gets it written out', () => {
  const line = 'id\u{200b}\r'
  assert.equal(visible(unchangedFor({})(line)), line)
  assert.equal(visible(unchangedFor({ isTTY: true })(line)), String.raw`id\u200b\u000d`)
})
