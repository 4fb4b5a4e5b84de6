import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { boundConnections, readFileLimit } from '../../../src/service/file-limit.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

function limitsWith(soft: string): string {
  return [
    'Limit                     Soft Limit           Hard Limit           Units',
    `Max open files            ${soft}                 4096                 files`,
    '',
  ].join('\n')
}

test('the limit of open files is read where the system tells it, and unknown elsewhere', async (t) => {
  const path = join(await temporaryFolder(t), 'limits')
  writeFileSync(path, limitsWith('1024'))
  assert.equal(readFileLimit(path), 1_024)
  writeFileSync(path, limitsWith('unlimited'))
  assert.equal(readFileLimit(path), undefined)
  assert.equal(readFileLimit(`${path}-that-is-not-there`), undefined)
})

test('connections leave the service the files that it needs itself', () => {
  assert.equal(boundConnections(20_000, undefined), 20_000)
  assert.equal(boundConnections(20_000, 65_536), 20_000)
  assert.equal(boundConnections(20_000, 1_024), 832)
  assert.equal(boundConnections(20_000, 100), 1)
})
