import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numberOrText } from '../../../src/console/number-or-text.ts'

test('a number is sent as one, with spaces and zeros around it', () => {
  assert.deepEqual(
    [' 19.99 ', '007', '1.50', '0.0000001', '-3', '9007199254740991', '070368744177664.020'].map(
      numberOrText,
    ),
    [19.99, 7, 1.5, 1e-7, -3, 9007199254740991, 70368744177664.02],
  )
})

test('what is none, or would be rounded, is sent as it is', () => {
  const texts = [
    '',
    'two',
    '1e3',
    '0x1',
    '1,5',
    '70368744177664.01',
    '9007199254740993',
    '1.',
    '.5',
  ]
  assert.deepEqual(texts.map(numberOrText), texts)
})
