import assert from 'node:assert/strict'
import { test } from 'node:test'
import { migrationOf } from '../../../../src/service/storage/migrations.ts'

test('line ends are no part of the text of a migration', () => {
  assert.deepEqual(
    migrationOf('0001-orders.sql', 'CREATE TABLE a (x)\r\n;\r\n'),
    migrationOf('0001-orders.sql', 'CREATE TABLE a (x)\n;\n'),
  )
})
