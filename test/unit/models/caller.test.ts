import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSubjectName } from '../../../src/models/caller.ts'

test('an id is the name of a certificate’s subject, or it is not', () => {
  for (const id of ['CN=shop', 'CN=shop,O=Example', '2.5.4.97=x', 'CN==x', 'CN=,O=x', 'CN=\\=']) {
    assert.equal(isSubjectName(id), true, id)
  }
  for (const id of ['', 'shop', 'CN=', 'CN==', 'c2hvcA==', '=shop', 'https://a.example/?b=c']) {
    assert.equal(isSubjectName(id), false, id)
  }
})
