import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Operation } from '../../../../../src/service/storage/operation.ts'
import { toEventKey, toEventRow } from '../../../../../src/service/storage/order-row.ts'
import { cutIntoGroups } from '../../../../../src/service/storage/postgres/statement-groups.ts'
import { FROM_ALL } from '../../../../contract/order-store-events.ts'
import { somePending } from '../../../../support/some-event.ts'

const POSITION = { partition: 0, offset: 1 }

const KINDS = [
  'reserve',
  'settle',
  'discard',
  'findOrder',
  'takeOverPending',
  'probe',
  'findKeyedChange',
] as const

function operationOf(kind: (typeof KINDS)[number], orderId: string, owner = 'me'): Operation {
  const pending = somePending({ orderId: orderId as never })
  switch (kind) {
    case 'reserve':
      return { kind, args: [owner, toEventRow(pending)] }
    case 'settle':
      return { kind, args: [owner, toEventKey(pending), POSITION] }
    case 'discard':
      return { kind, args: [owner, toEventKey(pending)] }
    case 'findOrder':
      return { kind, args: [pending.event.order.orderId] }
    case 'takeOverPending':
      return { kind, args: [owner, 1, FROM_ALL] }
    case 'probe':
      return { kind, args: [] }
    case 'findKeyedChange':
      return { kind, args: [{ idempotencyKey: orderId, fingerprint: 'f' }] }
  }
}

function orderIdOf(operation: Operation): string | undefined {
  if (operation.kind === 'reserve') return operation.args[1].orderId
  if (operation.kind === 'settle' || operation.kind === 'discard') return operation.args[1].orderId
  return operation.kind === 'findOrder' ? operation.args[0] : undefined
}

function kindsOf(batch: readonly Operation[]): readonly string[] {
  return cutIntoGroups(batch).map(({ kind, operations }) => `${kind} ${operations.length}`)
}

describe('a batch for PostgreSQL', () => {
  test('has one statement for all operations of a kind on different orders', () => {
    const kinds = ['reserve', 'settle', 'reserve', 'findOrder', 'settle', 'reserve'] as const
    const batch = kinds.map((kind, index) => operationOf(kind, `order-${index}`))
    assert.deepEqual(kindsOf(batch), ['reserve 3', 'settle 2', 'findOrder 1'])
  })

  test('has an order at most once in a statement that changes it', () => {
    const batch = ['a', 'a', 'b', 'a'].map((orderId) => operationOf('reserve', orderId))
    assert.deepEqual(kindsOf(batch), ['reserve 2', 'reserve 1', 'reserve 1'])
  })

  test('reads an order any number of times in one statement', () => {
    const batch = ['a', 'a', 'b', 'a'].map((orderId) => operationOf('findOrder', orderId))
    assert.deepEqual(kindsOf(batch), ['findOrder 4'])
  })

  test('does not put more bytes into a statement than are good for the server', () => {
    const batch = Array.from({ length: 9 }, (_, index) => {
      const pending = somePending({ orderId: `order-${index}` as never, valueBytes: 1_000_000 })
      return { kind: 'reserve', args: ['me', toEventRow(pending)] } as const
    })
    assert.deepEqual(kindsOf(batch), ['reserve 4', 'reserve 4', 'reserve 1'])
  })

  test('looks for all keys in one statement, whatever is between them', () => {
    const kinds = ['findKeyedChange', 'reserve', 'findKeyedChange', 'reserve'] as const
    const batch = kinds.map((kind, index) => operationOf(kind, `order-${index}`))
    assert.deepEqual(kindsOf(batch), ['findKeyedChange 2', 'reserve 2'])
    const around = [...batch, operationOf('probe', ''), ...batch]
    assert.equal(kindsOf(around).filter((kind) => kind === 'findKeyedChange 2').length, 2)
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
            const areReads = earlier.kind === 'findOrder' && later.kind === 'findOrder'
            assert.ok(areReads ? before <= after : before < after)
          }
        }
      }),
    )
  })
})

function isOfAll({ kind }: Operation): boolean {
  return kind === 'takeOverPending' || kind === 'probe'
}

/** Between what concerns all. */
function isAnywhere({ kind }: Operation): boolean {
  return kind === 'findKeyedChange'
}

function dependOnEachOther(one: Operation, other: Operation): boolean {
  if (isAnywhere(one) || isAnywhere(other)) return isOfAll(one) || isOfAll(other)
  const [orderId, otherId] = [orderIdOf(one), orderIdOf(other)]
  return orderId === undefined || otherId === undefined || orderId === otherId
}
