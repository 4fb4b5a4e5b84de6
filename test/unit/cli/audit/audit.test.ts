import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCart } from '../../../support/cart-command.ts'

test('settings that are not usable end an audit, also one that would go on for ever', async () => {
  for (const args of [['audit'], ['audit', '--watch']]) {
    const { code, stderr } = await runCart(args, { KAFKA_TOPIC: '!' })
    assert.equal(code, 2)
    assert.match(stderr, /KAFKA_TOPIC must be a topic name/)
  }
})
