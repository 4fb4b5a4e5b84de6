import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { orderIdIn, readOrderFile } from '../../../../src/cli/change/read-order-file.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

test('a file is sent as it is, and one that is not UTF-8 not at all', async (t) => {
  const file = join(await temporaryFolder(t), 'order.json')
  const text = '{"orderId":"Müller 😀","numItems":1}'
  await writeFile(file, text)
  assert.equal(await readOrderFile(file), text)
  await writeFile(file, text, 'utf16le')
  await assert.rejects(readOrderFile(file), {
    message: `${file} is not UTF-8: save it in UTF-8, then try again`,
  })
  // In Latin-1 it would have become an order of another name.
  await writeFile(file, '{"orderId":"M\u00fcller","numItems":1}', 'latin1')
  await assert.rejects(readOrderFile(file), /is not UTF-8/)
})

test('the id is found behind a byte order mark, which editors write', async (t) => {
  const file = join(await temporaryFolder(t), 'order.json')
  await writeFile(file, '\ufeff{"orderId":"ORD-1"}')
  assert.equal(orderIdIn(await readOrderFile(file)), 'ORD-1')
})
