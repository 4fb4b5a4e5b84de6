import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRights } from '../../../../src/service/kafka/topic-facts.ts'

/** Bits by the codes of AclOperation: Read is 3, Write is 4, Describe is 8. */
const READ_AND_DESCRIBE = (1 << 3) | (1 << 8)

/** The default of `topic_authorized_operations`. */
const NOT_SAID = -2_147_483_648

const TOPIC_AUTHORIZATION_FAILED = 29

test('rights are read from the bits that the broker gives', () => {
  const found = { errorCode: 0, topicAuthorizedOperations: READ_AND_DESCRIBE }
  assert.deepEqual(readRights('orders', found, true), {
    topic: 'orders',
    refusal: undefined,
    allowed: { Describe: true, Read: true, Write: false },
  })
})

test('rights that a broker does not give are unknown, and not missing', () => {
  const found = { errorCode: 0, topicAuthorizedOperations: NOT_SAID }
  assert.equal(readRights('orders', found, true).allowed, undefined)
})

test('a topic that is hidden allows nothing, though its broker gives no rights', () => {
  const hidden = {
    errorCode: TOPIC_AUTHORIZATION_FAILED,
    topicAuthorizedOperations: NOT_SAID,
  }
  assert.deepEqual(readRights('orders', hidden, false), {
    topic: 'orders',
    refusal: 'TOPIC_AUTHORIZATION_FAILED',
    allowed: { Describe: false, Read: false, Write: false },
  })
})
