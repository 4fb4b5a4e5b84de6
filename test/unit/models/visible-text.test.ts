import assert from 'node:assert/strict'
import { test } from 'node:test'
import { visible as visibleInExample } from '../../../examples/typescript/visible-text.ts'
import { visible as visibleInConsole, visibleJson } from '../../../src/console/visible-text.ts'
import { escapeHidden } from '../../../src/models/visible-text.ts'

const CODE_POINT_MAX = 0x10ffff

/** In one text: a call for each of a million takes seconds. */
const AT_ONCE = 1_024

function* allCharacters(): Generator<string> {
  for (let code = 0; code <= CODE_POINT_MAX; code += 1) yield String.fromCodePoint(code)
}

/** Each between letters, so that none is a part of the next. */
function* allTexts(): Generator<readonly string[]> {
  let some: string[] = []
  for (const character of allCharacters()) {
    some.push(character)
    if (some.length < AT_ONCE) continue
    yield some
    some = []
  }
}

/** A letter that Unicode has twice is left to the tools and pages of the service. */
function isHiddenInExample(character: string): boolean {
  return character.normalize('NFC') === character || visibleInExample(character) !== character
}

for (const [what, text, shown] of [
  ['what a terminal obeys', '\u001b[2J\u009b31m', String.raw`\u001b[2J\u009b31m`],
  ['a line end', 'ORD-1\nORD-2', String.raw`ORD-1\u000aORD-2`],
  ['what turns the text around', 'ORD-\u202e1', String.raw`ORD-\u202e1`],
  ['a filler', 'ORD\u3164\u115f', String.raw`ORD\u3164\u115f`],
  ['a joiner of graphemes', 'O\u034fRD', String.raw`O\u034fRD`],
  ['a space that does not break', 'ORD\u00a01', String.raw`ORD\u00a01`],
  ['a blank of Braille', 'ORD\u2800', String.raw`ORD\u2800`],
  ['a Mongolian variation selector', 'ORD\u180b', String.raw`ORD\u180b`],
  ['a variation selector of the 14th plane', 'ORD\u{e0100}', String.raw`ORD\udb40\udd00`],
  ['a letter and its mark, which are one letter', 'a\u0308', String.raw`a\u0308`],
  ['a letter that Unicode has twice', '\u212bngström', String.raw`\u212bngström`],
  ['a syllable of Hangul in its parts', '\u1112\u1161\u11ab', String.raw`\u1112\u1161\u11ab`],
] as const) {
  test(`writes out ${what}`, () => {
    assert.equal(escapeHidden(text), shown)
  })
}

test('a terminal gets every other text as it is', () => {
  for (const text of [
    '',
    'two words',
    'Größe',
    'طلب-٤٢',
    '日本',
    '한글',
    'x\u0323',
    '❤️ 👩‍👩‍👧‍👦',
    '1️⃣',
  ]) {
    assert.equal(escapeHidden(text), text)
  }
})

test('the console and the example name the same characters', () => {
  for (const characters of allTexts()) {
    const text = characters.join('a')
    assert.equal(visibleJson(text), escapeHidden(JSON.stringify(text)))
    const inTerminal = characters.filter((one) => escapeHidden(one) !== one)
    const inConsole = characters.filter((one) => visibleInConsole(one) !== one)
    assert.deepEqual(inConsole, inTerminal)
    const inExample = characters.filter((one) => visibleInExample(one) !== one)
    assert.deepEqual(inExample, inTerminal.filter(isHiddenInExample))
  }
})

test('two ids that NFC makes one do not look the same', () => {
  for (const character of allCharacters()) {
    const [apart, composed] = [character.normalize('NFD'), character.normalize('NFC')]
    for (const text of [apart, character]) {
      if (text === composed) continue
      assert.notEqual(escapeHidden(`ORD-${text}`), escapeHidden(`ORD-${composed}`))
      assert.notEqual(visibleInConsole(`ORD-${text}`), visibleInConsole(`ORD-${composed}`))
    }
  }
})
