import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSeal } from '../../../../src/service/callers/aes-seal.ts'

const SECRET = '0123456789abcdef0123456789abcdef'

test('what one instance seals, one with the same secret opens, and nobody else', () => {
  const sealed = createSeal(SECRET).close('cart_shop_ä')
  assert.equal(createSeal(SECRET).open(sealed), 'cart_shop_ä')
  assert.equal(createSeal(`${SECRET}x`).open(sealed), undefined)
  assert.equal(createSeal().open(sealed), undefined)
  assert.notEqual(createSeal(SECRET).close('cart_shop_ä'), sealed)
})

test('not one bit of it can be changed', () => {
  const seal = createSeal(SECRET)
  const bytes = Buffer.from(seal.close('cart_shop_ä'), 'base64url')
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = Buffer.from(bytes)
    changed[index] = (changed[index] ?? 0) ^ 1
    assert.equal(seal.open(changed.toString('base64url')), undefined)
  }
  for (let length = 0; length < bytes.length; length += 1) {
    assert.equal(seal.open(bytes.subarray(0, length).toString('base64url')), undefined)
  }
})
