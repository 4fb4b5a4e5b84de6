import assert from 'node:assert/strict'

import type { Arguments, Kind, Value } from '../operation.ts'
import type { Statements } from './connection.ts'

interface SqliteOperation<K extends Kind> {
  /** Works on a full disk, too: it runs outside the transaction of the writes. */
  readonly isRead: boolean
  run(statements: Statements, ...args: Arguments<K>): Value<K>
}

export type SqliteOperations = { readonly [K in Kind]: SqliteOperation<K> }

/** By the kind of operation, how it is carried out. */
export const OPERATIONS: SqliteOperations = {
  join: {
    isRead: false,
    run(statements, owner, _leaseMs, itemsMax) {
      statements.saveInstance(owner)
      return statements.raiseItemsMax(itemsMax)
    },
  },
  // It is the file's lock that keeps the lease.
  renewLease: { isRead: true, run: (statements, owner) => statements.isInstance(owner) },
  // The next one that opens the file waits for nobody.
  leave: { isRead: true, run: () => true },
  reserve: { isRead: false, run: reserve },
  settle: { isRead: false, run: settle },
  settleErasure: { isRead: false, run: settleErasure },
  discard: { isRead: false, run: discard },
  takeOverPending: { isRead: false, run: takeOverPending },
  // There is no other instance that could take over.
  handOver: { isRead: true, run: () => 'kept' },
  probe: { isRead: false, run: (statements) => statements.countProbe() },
  saveSchemaId: { isRead: false, run: (statements, ...args) => statements.saveSchemaId(...args) },
  forgetSchemaId: {
    isRead: false,
    run: (statements, ...args) => statements.forgetSchemaId(...args),
  },
  forgetKeys: { isRead: false, run: (statements, ...args) => statements.forgetKeys(...args) },
  findOrder: { isRead: true, run: (statements, orderId) => statements.findOrder(orderId) },
  listOrders: { isRead: true, run: (statements, query) => statements.listOrders(query) },
  listEvents: { isRead: true, run: (statements, ...args) => statements.listEvents(...args) },
  listRecordKeys: {
    isRead: true,
    run: (statements, orderId) => statements.listRecordKeys(orderId),
  },
  findEvent: { isRead: true, run: (statements, ...args) => statements.findEvent(...args) },
  listSettled: { isRead: true, run: (statements, ...args) => statements.listSettled(...args) },
  findLastPlace: { isRead: true, run: (statements) => statements.findLastPlace() },
  findRetiredPlace: { isRead: true, run: (statements) => statements.findRetiredPlace() },
  findKeyedChange: {
    isRead: true,
    run: (statements, retryKey) => statements.findKeyedChange(retryKey),
  },
  listPending: { isRead: true, run: (statements, limit) => statements.listPending(limit) },
  findSchemaId: { isRead: true, run: (statements, ...args) => statements.findSchemaId(...args) },
}

/** Tried before anything is looked at, because nearly always nothing speaks against it. */
function reserve(statements: Statements, ...[owner, row]: Arguments<'reserve'>): Value<'reserve'> {
  if (statements.insertEvent(row, owner)) return 'reserved'
  if (!statements.isInstance(owner)) return 'taken-over-from'
  const { idempotencyKey } = row
  if (idempotencyKey !== null && statements.isKeyUsed(idempotencyKey)) return 'key-used'
  const { settledVersion, hasPendingEvent } = statements.findFacts(row.orderId)
  const isCreation = row.version === 1
  if (isCreation && settledVersion !== null) return 'order-exists'
  if (!isCreation && settledVersion === null) return 'order-missing'
  if (hasPendingEvent) return 'event-pending'
  assert.notEqual(settledVersion ?? 0, row.version - 1, 'nothing speaks against the event')
  return 'version-moved'
}

function settle(
  statements: Statements,
  ...[owner, key, position]: Arguments<'settle'>
): Value<'settle'> {
  const id = statements.settleEvent(key, owner, position)
  if (id === undefined) {
    return statements.findPresence(key) === 'settled' ? 'settled-before' : 'not-owned'
  }
  assert.ok(statements.moveOrder(id), `order does not stand before version ${key.version}`)
  return 'settled'
}

function settleErasure(
  statements: Statements,
  ...[owner, key, position]: Arguments<'settleErasure'>
): Value<'settleErasure'> {
  const result = settle(statements, owner, key, position)
  if (result === 'settled') statements.eraseCustomer(key)
  return result
}

function discard(statements: Statements, ...[owner, key]: Arguments<'discard'>): Value<'discard'> {
  if (statements.deletePendingEvent(key, owner)) return 'discarded'
  return statements.findPresence(key) === 'absent' ? 'absent' : 'not-owned'
}

function takeOverPending(
  statements: Statements,
  ...[owner, limit, { exceptPartitions }]: Arguments<'takeOverPending'>
): Value<'takeOverPending'> {
  if (!statements.isInstance(owner)) return []
  const left = statements.listOwnedByOthers(owner, exceptPartitions, limit)
  for (const { event } of left) statements.changeOwner(event, owner)
  return left
}
