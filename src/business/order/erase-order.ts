/**
 * Erases whose order it is: a last event with an empty customer id, and a tombstone where the topic is
 * compacted.
 *
 * The event takes the way of every change (reserve, publish, settle), and settling it takes the customer
 * out of all that the store has of the order, in the same transaction. So a process that dies anywhere
 * leaves an order that is not erased, or one whose erasure recovery settles. A tombstone is no change: it
 * has no version, and to write it twice is to write it once. It comes after the last event, and nothing
 * comes behind it, because an erased order takes no change. Where it was not written, the same request
 * again writes it.
 */
import type { OrderId } from '../../models/order.ts'
import { isClosed, isErased, NOBODY } from '../../models/order.ts'
import type { OrderReader, SettledOrder } from '../ports.ts'
import { readStore } from '../read-store.ts'
import { orderNotFound, orderStillOpen, storeSilent, tombstoneNotWritten } from '../refusals.ts'
import type { ChangeDeps } from './change-deps.ts'
import { changeOrder } from './change-order.ts'

/** Of one read of the history. */
const EVENTS_READ_MAX = 100

/** Where records of an order stand: a key has another partition once partitions were added. */
export interface RecordKey {
  readonly partition: number
  readonly key: Uint8Array
}

/**
 * `written`: acknowledged for every key. `not-compacted`: by its settings the topic takes none, and
 * nothing was written. `not-known`: the settings may not be read here, and nothing was written.
 */
export type TombstoneResult = 'written' | 'not-compacted' | 'not-known'

/** Rejects where one may be missing. */
export type WriteTombstones = (
  orderId: OrderId,
  keys: readonly RecordKey[],
) => Promise<TombstoneResult>

export interface EraseOrder {
  readonly orderId: OrderId
  readonly traceparent?: string
  readonly principal?: string
}

export interface ErasedOrder extends SettledOrder {
  readonly tombstone: TombstoneResult
}

export interface EraseDeps extends ChangeDeps {
  readonly reader: Pick<OrderReader, 'listEvents' | 'findEvent'>
  readonly writeTombstones: WriteTombstones
}

/** Throws ORDER_STILL_OPEN, or what {@link changeOrder} throws. An order that is erased stays so. */
export async function eraseOrder(deps: EraseDeps, command: EraseOrder): Promise<ErasedOrder> {
  const { store, clock, publishTimeoutMs } = deps
  const { orderId } = command
  const deadlineMs = clock.monotonicMs() + publishTimeoutMs
  const settled = await readStore(store.findOrder(orderId), clock, deadlineMs)
  if (settled === undefined) throw orderNotFound(orderId)
  const { order, version } = isErased(settled.order) ? settled : await erase(deps, command)
  try {
    const keys = await readStore(readKeys(deps, orderId, deadlineMs), clock, deadlineMs, 'unknown')
    return { order, version, tombstone: await deps.writeTombstones(orderId, keys) }
  } catch (error) {
    throw tombstoneNotWritten(orderId, error)
  }
}

function erase(deps: ChangeDeps, { orderId, traceparent, principal }: EraseOrder) {
  return changeOrder(deps, {
    request: { orderId, asksFor: ({ order }) => isErased(order) },
    // Who delivers it needs to know whose it is.
    findObjection: ({ order }) => (isClosed(order) ? undefined : orderStillOpen(order)),
    apply: (order) => ({ ...order, customerId: NOBODY }),
    traceparent,
    principal,
  })
}

async function readKeys(
  { reader, clock }: EraseDeps,
  orderId: OrderId,
  deadlineMs: number,
): Promise<readonly RecordKey[]> {
  const keys = new Map<string, RecordKey>()
  for (let after = 0, isMore = true; isMore;) {
    const events = await reader.listEvents(orderId, after, EVENTS_READ_MAX)
    for (const { version } of events) {
      // Its caller was told that the store is silent: a long history is not read on for nobody.
      if (clock.monotonicMs() >= deadlineMs) throw storeSilent('unknown')
      const found = await reader.findEvent(orderId, version)
      if (found === undefined) continue
      const { partition } = found.position
      const { key } = found.encoded
      keys.set(`${partition} ${Buffer.from(key).toString('hex')}`, { partition, key })
    }
    after = events.at(-1)?.version ?? after
    isMore = events.length === EVENTS_READ_MAX
  }
  return [...keys.values()]
}
