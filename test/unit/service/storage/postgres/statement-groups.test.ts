import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Operation } from '../../../../../src/service/storage/operation.ts'
import { toEventKey, toEventRow } from '../../../../../src/service/storage/order-row.ts'
import { cutIntoGroups } from '../../../../../src/service/storage/postgres/statement-groups.ts'
import { FROM_ALL } from '../../../../contract/order-store-events.ts'
import { somePending } from '../../../../support/some-event.ts'

const POSITION = { partition: 0, offset: 1 }

const KINDS = ['reserve', 'settle', 'discard', 'find-order', 'take-over', 'probe'] as const

function operationOf(kind: (typeof KINDS)[number], orderId: string, owner = 'me'): Operation {
  const pending = somePending({ orderId: orderId as never })
  switch (kind) {
    case 'reserve':
      return { kind, owner, row: toEventRow(pending) }
    case 'settle':
      return { kind, owner, key: toEventKey(pending), position: POSITION }
    case 'discard':
      return { kind, owner, key: toEventKey(pending) }
    case 'find-order':
      return { kind, orderId }
    case 'take-over':
      return { kind, owner, limit: 1, choice: FROM_ALL }
    case 'probe':
      return { kind }
  }
}

function orderIdOf(operation: Operation): string | undefined {
  if (operation.kind === 'reserve') return operation.row.orderId
  if (operation.kind === 'settle' || operation.kind === 'discard') return operation.key.orderId
  return operation.kind === 'find-order' ? operation.orderId : undefined
}

function kindsOf(batch: readonly Operation[]): readonly string[] {
  return cutIntoGroups(batch).map(({ kind, operations }) => `${kind} ${operations.length}`)
}

describe('a batch for PostgreSQL', () => {
  test('has one statement for all operations of a kind on different orders', () => {
    const kinds = ['reserve', 'settle', 'reserve', 'find-order', 'settle', 'reserve'] as const
    const batch = kinds.map((kind, index) => operationOf(kind, `order-${index}`))
    assert.deepEqual(kindsOf(batch), ['reserve 3', 'settle 2', 'find-order 1'])
  })

  test('has an order at most once in a statement that changes it', () => {
    const batch = ['a', 'a', 'b', 'a'].map((orderId) => operationOf('reserve', orderId))
    assert.deepEqual(kindsOf(batch), ['reserve 2', 'reserve 1', 'reserve 1'])
  })

  test('reads an order any number of times in one statement', () => {
    const batch = ['a', 'a', 'b', 'a'].map((orderId) => operationOf('find-order', orderId))
    assert.deepEqual(kindsOf(batch), ['find-order 4'])
  })

  test('does not put more bytes into a statement than are good for the server', () => {
    const batch = Array.from({ length: 9 }, (_, index) => {
      const pending = somePending({ orderId: `order-${index}` as never, valueBytes: 1_000_000 })
      return { kind: 'reserve', owner: 'me', row: toEventRow(pending) } as const
    })
    assert.deepEqual(kindsOf(batch), ['reserve 4', 'reserve 4', 'reserve 1'])
  })

  test('keeps the owners of one instance apart', () => {
    const batch = ['earlier', 'later'].map((owner) => operationOf('reserve', owner, owner))
    assert.deepEqual(kindsOf(batch), ['reserve 1', 'reserve 1'])
  })

  test('keeps the order of what concerns one order, and of what concerns all', () => {
    const someOperation = fc
      .tuple(fc.constantFrom(...KINDS), fc.constantFrom('a', 'b', 'c'))
      .map(([kind, orderId]) => operationOf(kind, orderId))
    fc.assert(
      fc.property(fc.array(someOperation, { maxLength: 20 }), (batch) => {
        const groups = cutIntoGroups(batch)
        const groupOf = new Map<Operation, number>(
          groups.flatMap(({ operations }, index) =>
            operations.map((operation) => [operation, index] as const),
          ),
        )
        assert.equal(groupOf.size, batch.length)
        for (const [index, later] of batch.entries()) {
          for (const earlier of batch.slice(0, index)) {
            if (!dependOnEachOther(earlier, later)) continue
            const [before = NaN, after = NaN] = [groupOf.get(earlier), groupOf.get(later)]
            const areReads = earlier.kind === 'find-order' && later.kind === 'find-order'
            assert.ok(areReads ? before <= after : before < after)
          }
        }
      }),
    )
  })
})

function dependOnEachOther(one: Operation, other: Operation): boolean {
  const [orderId, otherId] = [orderIdOf(one), orderIdOf(other)]
  return orderId === undefined || otherId === undefined || orderId === otherId
}
