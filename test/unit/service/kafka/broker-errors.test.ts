import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MultipleErrors, NetworkError, ResponseError, TimeoutError } from '@platformatic/kafka'
import {
  classifyProduceFailure,
  describeError,
} from '../../../../src/service/kafka/broker-errors.ts'
import { codeOf, PROOFS } from '../../../support/broker-errors.ts'

const PRODUCE = 0

/** What the client rejects with when the broker answers a Produce request with this error. */
function answered(name: string): ResponseError {
  const code = codeOf(name)
  const response = { responses: [{ partitionResponses: [{ errorCode: code }] }] }
  return new ResponseError(PRODUCE, 8, { '/responses/0': [code, null] }, response)
}

const UNKNOWN = [
  'NOT_LEADER_OR_FOLLOWER',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'REQUEST_TIMED_OUT',
  'KAFKA_STORAGE_ERROR',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_SERVER_ERROR',
]

test('an answer given before the append is proof, when no other request of the batch ever left', () => {
  for (const name of PROOFS) {
    assert.deepEqual(classifyProduceFailure(answered(name), 1), { verdict: 'not-appended', name })
  }
})

test('the same answer proves nothing once another request of the batch may be under way', () => {
  for (const name of PROOFS) {
    assert.notEqual(classifyProduceFailure(answered(name), 2).verdict, 'not-appended', name)
  }
})

test('answers that may stand for an appended batch are never proof', () => {
  for (const name of UNKNOWN) {
    assert.deepEqual(classifyProduceFailure(answered(name), 1), { verdict: 'unknown', name })
  }
})

test('a disagreement on sequence numbers, or on the producer itself, is settled by the topic', () => {
  for (const name of [
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    'DUPLICATE_SEQUENCE_NUMBER',
    'UNKNOWN_PRODUCER_ID',
    'INVALID_PRODUCER_EPOCH',
    'PRODUCER_FENCED',
  ]) {
    assert.equal(classifyProduceFailure(answered(name), 1).verdict, 'contested', name)
    assert.equal(classifyProduceFailure(answered(name), 2).verdict, 'contested', name)
  }
})

test('a batch in doubt that is dated too far ahead is looked for, and made anew', () => {
  assert.equal(classifyProduceFailure(answered('INVALID_TIMESTAMP'), 2).verdict, 'undatable')
})

test('time-outs and broken connections are never proof', () => {
  const failures = [
    new TimeoutError('Request timed out'),
    new NetworkError('Connection closed'),
    new Error('something else'),
  ]
  for (const error of failures) {
    assert.deepEqual(classifyProduceFailure(error, 1), {
      verdict: 'unknown',
      name: error.message,
    })
  }
})

test("the client's errors are named by Kafka's name, or by what is deepest in them", () => {
  const refusedTwice = new AggregateError([
    new Error('connect ECONNREFUSED ::1:9092'),
    new Error('connect ECONNREFUSED 127.0.0.1:9092'),
  ])
  const failures = [
    [answered('NOT_ENOUGH_REPLICAS'), 'NOT_ENOUGH_REPLICAS'],
    [new MultipleErrors('Listing failed', [answered('NOT_CONTROLLER')]), 'NOT_CONTROLLER'],
    [
      new NetworkError('Connection failed', { cause: refusedTwice }),
      'connect ECONNREFUSED ::1:9092',
    ],
    [refusedTwice, 'connect ECONNREFUSED ::1:9092'],
    [new TimeoutError('Request timed out'), 'Request timed out'],
    ['no error', 'no error'],
  ] as const
  for (const [error, expected] of failures) assert.equal(describeError(error), expected)
})

test('a sentence of ours keeps its words, whatever caused it', () => {
  const sentence =
    'cannot create topic orders: Replication factor: 5 larger than available brokers: 1.'
  const error = new Error(sentence, { cause: answered('INVALID_REPLICATION_FACTOR') })
  assert.equal(describeError(error), sentence)
  const wrapped = new Error(`localhost:9092: ${describeError(error)}`, { cause: error })
  assert.equal(describeError(wrapped), `localhost:9092: ${sentence}`)
})
