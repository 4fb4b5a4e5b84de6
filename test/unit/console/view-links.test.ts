import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPlace } from '../../../src/console/address.ts'
import { createViewLinks, FIRST_LINKS } from '../../../src/console/view-links.ts'

test('each view is led to as it was left, the one that is shown from its beginning', () => {
  const linksOf = createViewLinks()
  const left = '#status=shipped&order=ORD-1&paused=1'
  assert.deepEqual(linksOf(readPlace(left)), FIRST_LINKS)
  assert.deepEqual(linksOf(readPlace('#view=events&search=ORD-2')), {
    ...FIRST_LINKS,
    orders: `console${left}`,
  })
  assert.deepEqual(linksOf(readPlace(left)), {
    ...FIRST_LINKS,
    events: 'console#view=events&search=ORD-2',
  })
  linksOf(readPlace(''))
  assert.equal(linksOf(readPlace('#view=operations')).orders, 'console#')
})
