import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DatabaseError } from 'pg'
import {
  type Phase,
  translatePostgresError,
} from '../../../../../src/service/storage/postgres/postgres-errors.ts'

function answer(code: string, severity = 'ERROR'): DatabaseError {
  return Object.assign(new DatabaseError('what it said', 0, 'error'), { code, severity })
}

function isApplied(error: unknown, phase: Phase): 'no' | 'unknown' | 'our mistake' {
  return translatePostgresError('orders at db:5432', error, phase)?.isApplied ?? 'our mistake'
}

describe('an error of PostgreSQL', () => {
  const answers: ReadonlyArray<[code: string, severity: string, 'no' | 'unknown' | 'our mistake']> =
    [
      ['40P01', 'ERROR', 'no'], // deadlock
      ['53100', 'ERROR', 'no'], // disk full
      ['53100', 'PANIC', 'unknown'],
      ['55P03', 'ERROR', 'no'], // lock not available
      ['57014', 'ERROR', 'no'], // statement timeout
      ['57014', 'FEHLER', 'no'],
      ['57P01', 'FATAL', 'unknown'], // session terminated
      ['58030', 'ERROR', 'no'], // I/O error
      ['58030', 'PANIC', 'unknown'],
      ['58030', 'FEHLER', 'unknown'], // a language that we do not know
      ['25006', 'ERROR', 'no'], // read-only
      ['42501', 'ERROR', 'no'], // permission
      ['42P01', 'ERROR', 'no'], // no such table
      ['22003', 'ERROR', 'our mistake'], // number out of range
      ['23514', 'ERROR', 'our mistake'], // check constraint
      ['42601', 'ERROR', 'our mistake'], // syntax
    ]
  for (const [code, severity, expected] of answers) {
    test(`${code} with ${severity} at a commit means: ${expected}`, () => {
      assert.equal(isApplied(answer(code, severity), 'committing'), expected)
    })
  }

  test('leaves open what became of a commit that had no answer', () => {
    assert.equal(isApplied(new Error('Query read timeout'), 'committing'), 'unknown')
    assert.equal(isApplied(new Error('read ECONNRESET'), 'committing'), 'unknown')
  })

  test('is a definite no before the commit was sent', () => {
    for (const error of [new Error('read ECONNRESET'), answer('57P01', 'FATAL')]) {
      assert.equal(isApplied(error, 'working'), 'no')
      assert.equal(isApplied(error, 'connecting'), 'no')
    }
    assert.equal(isApplied(answer('53300', 'FATAL'), 'connecting'), 'no')
  })

  test('is never our mistake while connecting', () => {
    assert.equal(isApplied(answer('22023'), 'connecting'), 'no')
  })

  test('says which database, what is wrong, and what the server said', () => {
    const error = translatePostgresError('orders at db:5432', answer('53300'), 'connecting')
    assert.equal(
      error?.message,
      'The database orders at db:5432 cannot be used: it has run out of disk, memory or ' +
        'connections (what it said)',
    )
  })

  test('names what each of several addresses answered', () => {
    const errors = [
      new Error('connect ECONNREFUSED ::1'),
      new Error('connect ECONNREFUSED 127.0.0.1'),
    ]
    const error = translatePostgresError('d', new AggregateError(errors), 'connecting')
    assert.match(error?.message ?? '', /ECONNREFUSED ::1, connect ECONNREFUSED 127\.0\.0\.1/)
  })
})
