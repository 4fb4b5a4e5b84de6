import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreError } from '../../../../../src/business/ports.ts'
import { ServerChange } from '../../../../../src/service/storage/postgres/server-change.ts'
import { until } from '../../../../support/until.ts'

function sessionOf(timeline: string) {
  return { pid: 1, startedAt: '2026-11-28', timeline }
}

function setUp() {
  const changes: Array<PromiseWithResolvers<void>> = []
  const firsts: boolean[] = []
  const change = new ServerChange({
    database: 'orders',
    onServerChange: (isFirst) => {
      firsts.push(isFirst)
      const asked = Promise.withResolvers<void>()
      changes.push(asked)
      return asked.promise
    },
  })
  const refusal = (timeline: string): string => {
    try {
      change.admit(sessionOf(timeline))
      return ''
    } catch (error) {
      assert.ok(error instanceof StoreError)
      assert.equal(error.isApplied, 'no')
      return error.message
    }
  }
  return { changes, firsts, refusal }
}

test('the first server and its sessions are taken as they are', () => {
  const { changes, refusal } = setUp()
  assert.deepEqual([refusal('00000001'), refusal('00000001')], ['', ''])
  assert.equal(changes.length, 0)
})

test('a promoted standby is refused until it has been found to be usable, which is asked once', async () => {
  const { changes, refusal } = setUp()
  refusal('00000001')
  assert.match(refusal('00000002'), /orders was taken over by a standby/)
  assert.match(refusal('00000002'), /compared with the topic first$/)
  assert.equal(changes.length, 1)
  changes[0]?.resolve()
  await until(() => refusal('00000002') === '', 'it is admitted')
  assert.equal(changes.length, 1)
})

test('one that could not be examined is examined again, and says why', async () => {
  const { changes, firsts, refusal } = setUp()
  refusal('00000001')
  refusal('00000002')
  changes[0]?.reject(new Error('no leader'))
  await until(() => changes.length === 2 || refusal('00000002') === '', 'it is asked again')
  assert.match(refusal('00000002'), /compared with the topic first: no leader$/)
  assert.equal(changes.length, 2)
  assert.deepEqual(firsts, [true, false])
})
