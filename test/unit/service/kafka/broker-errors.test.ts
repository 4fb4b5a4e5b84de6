import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MultipleErrors, NetworkError, ResponseError, TimeoutError } from '@platformatic/kafka'
import { describeError, verdictOf } from '../../../../src/service/kafka/broker-errors.ts'
import { codeOf, PROOFS } from '../../../support/broker-errors.ts'

const PRODUCE = 0

/** What the client rejects with when the broker answers a Produce request with this error. */
function answered(name: string): ResponseError {
  return new ResponseError(PRODUCE, 8, { '/responses/0': [codeOf(name), null] }, {})
}

const UNKNOWN = [
  'NOT_LEADER_OR_FOLLOWER',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'REQUEST_TIMED_OUT',
  'KAFKA_STORAGE_ERROR',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_SERVER_ERROR',
]

const CONTESTED = [
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'DUPLICATE_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
]

const ABOUT_THE_BATCH = [
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'POLICY_VIOLATION',
]

test('an answer given before the append is a refusal, of the batch or of everything', () => {
  for (const name of PROOFS) {
    const verdict = ABOUT_THE_BATCH.includes(name) ? 'event-refused' : 'partition-refused'
    assert.equal(verdictOf(codeOf(name)), verdict, name)
  }
})

test('answers that may belong to an appended batch, or contest its numbers, are never a refusal', () => {
  for (const name of [...UNKNOWN, ...CONTESTED]) {
    assert.equal(verdictOf(codeOf(name)), 'unknown', name)
  }
  assert.equal(verdictOf(-2), 'unknown', 'an error of a later version')
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
