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
import type { RecordKey } from '../../models/order-event.ts'
import type { OrderId } from '../../models/order.ts'
import { isClosed, isErased, NOBODY } from '../../models/order.ts'
import { CommandError } from '../errors.ts'
import type { OrderReader, SettledOrder } from '../ports.ts'
import { readStore } from '../read-store.ts'
import { orderNotFound, orderStillOpen, tombstoneNotWritten } from '../refusals.ts'
import type { ChangeDeps } from './change-deps.ts'
import { changeOrder, readOrder } from './change-order.ts'
import type { Leaving } from './commands.ts'

/**
 * `written`: acknowledged for every key that the order has on the topic. `not-compacted`: by its settings the
 * topic takes none, and nothing was written. `not-known`: the settings may not be read here, and nothing was
 * written. `no-record`: the store knows of no record of the order on the topic, for example
 * because it was erased when KAFKA_TOPIC named another one.
 */
export type TombstoneResult = 'written' | 'not-compacted' | 'not-known' | 'no-record'

/** Rejects where one may be missing. */
export type WriteTombstones = (
  orderId: OrderId,
  keys: readonly RecordKey[],
) => Promise<TombstoneResult>

export interface EraseOrder {
  readonly orderId: OrderId
  readonly leaving?: Leaving
  readonly traceparent?: string
  readonly principal?: string
}

export interface ErasedOrder extends SettledOrder {
  readonly tombstone: TombstoneResult
}

export interface EraseDeps extends ChangeDeps {
  readonly reader: Pick<OrderReader, 'listRecordKeys'>
  readonly writeTombstones: WriteTombstones
}

/** Throws ORDER_STILL_OPEN, or what {@link changeOrder} throws. An order that is erased stays so. */
export async function eraseOrder(deps: EraseDeps, command: EraseOrder): Promise<ErasedOrder> {
  const { clock, publishTimeoutMs } = deps
  const { orderId } = command
  const deadlineMs = clock.monotonicMs() + publishTimeoutMs
  const settled = await readOrder(deps, orderId, deadlineMs)
  if (settled === undefined) throw orderNotFound(orderId)
  const { order, version } = isErased(settled.order) ? settled : await erase(deps, command)
  const keys = await readKeys(deps, orderId, deadlineMs)
  try {
    return { order, version, tombstone: await deps.writeTombstones(orderId, keys) }
  } catch (error) {
    throw tombstoneNotWritten(orderId, error)
  }
}

async function readKeys(
  { reader, clock }: EraseDeps,
  orderId: OrderId,
  deadlineMs: number,
): Promise<readonly RecordKey[]> {
  try {
    return await readStore(reader.listRecordKeys(orderId, deadlineMs), clock, deadlineMs, 'unknown')
  } catch (error) {
    throw error instanceof CommandError ? tombstoneNotWritten(orderId, error) : error
  }
}

function erase(deps: ChangeDeps, { orderId, leaving, traceparent, principal }: EraseOrder) {
  return changeOrder(deps, {
    request: { orderId, leaving, asksFor: ({ order }) => isErased(order) },
    // Who delivers it needs to know whose it is.
    findObjection: ({ order }) => (isClosed(order) ? undefined : orderStillOpen(order)),
    apply: (order) => ({ ...order, customerId: NOBODY }),
    traceparent,
    principal,
  })
}
