import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  assertNoneMissing,
  listMissing,
  migrationOf,
  readMigrations,
} from '../../../../src/service/storage/migrations.ts'

const FIRST = migrationOf('0001-orders.sql', '-- expand\nCREATE TABLE a (x)')
const EXPANDING = migrationOf('0002-more.sql', '-- expand\nALTER TABLE a ADD y')
const CONTRACTING = migrationOf('0003-less.sql', '-- contract 0002\nALTER TABLE a DROP x')
const ALL = [FIRST, EXPANDING, CONTRACTING]

test('line ends are no part of the text of a migration', () => {
  assert.deepEqual(migrationOf(FIRST.name, FIRST.sql.replaceAll('\n', '\r\n')), FIRST)
})

test('a migration says whether it expands or contracts, and what contracts names an earlier one', () => {
  assert.deepEqual(
    ALL.map(({ needs }) => needs),
    [0, 0, 2],
  )
  assert.throws(() => migrationOf('0001-orders.sql', 'CREATE TABLE a (x)'), /0001-orders\.sql/)
  for (const kind of ['sqlite', 'postgres'] as const) {
    for (const { number, needs } of readMigrations(kind)) assert.ok(needs < number)
  }
})

test('a database gets the migrations that it lacks', () => {
  assert.deepEqual(listMissing('d', [], ALL), ALL)
  assert.deepEqual(listMissing('d', [FIRST], ALL), [EXPANDING, CONTRACTING])
  assert.deepEqual(listMissing('d', ALL, ALL), [])
})

test('a database that was expanded by a newer version serves the older one', () => {
  assert.deepEqual(listMissing('d', [FIRST, EXPANDING], [FIRST]), [])
  assert.deepEqual(listMissing('d', ALL, [FIRST, EXPANDING]), [])
})

test('a database that took away what a version works with is refused by it', () => {
  assert.throws(() => listMissing('d', ALL, [FIRST]), {
    name: 'StoreError',
    isApplied: 'no',
    message:
      'The database d was changed for a newer version of CartService: its migration 0003-less.sql took ' +
      'away what this version works with, which knows 1. Start a newer version.',
  })
})

test('a database with another text of a migration is refused', () => {
  const edited = migrationOf(FIRST.name, `${FIRST.sql} -- edited`)
  assert.throws(() => listMissing('d', [FIRST], [edited]), /another text of migration 0001-orders/)
})

test('with MIGRATIONS=check a database that lacks some is refused, by their names', () => {
  assertNoneMissing('d', [])
  assert.throws(() => assertNoneMissing('d', [EXPANDING, CONTRACTING]), {
    name: 'StoreError',
    message:
      /^The database d lacks 0002-more\.sql, 0003-less\.sql, .* run npx cart migrate first\.$/,
  })
})
