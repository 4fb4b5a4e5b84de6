import type { OrderPlace } from '../../business/ports.ts'
import { toUtc } from '../../models/instant.ts'
import { isOrderId } from '../../models/order.ts'

/**
 * The cursor between two pages of a list. Callers can make cursors, too: the schemas refuse what no store
 * can compare.
 */

/** PostgreSQL counts so far, and fails beyond. */
const VERSION_MAX = 2 ** 31 - 1

/** Opaque to callers: what it says may change. */
export function writeCursor(place: readonly [string | number, string?]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** Undefined for what is none of ours. */
export function readOrderCursor(text: string): OrderPlace | undefined {
  const [orderDate, orderId] = readPlace(text)
  if (typeof orderDate !== 'string' || toUtc(orderDate) !== orderDate) return undefined
  return typeof orderId === 'string' && isOrderId(orderId) ? { orderDate, orderId } : undefined
}

/** The version after which to go on; undefined for what is none of ours. */
export function readEventCursor(text: string): number | undefined {
  const [version] = readPlace(text)
  if (typeof version !== 'number' || !Number.isInteger(version)) return undefined
  return version >= 1 && version <= VERSION_MAX ? version : undefined
}

function readPlace(text: string): readonly unknown[] {
  try {
    const place: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    return Array.isArray(place) ? place : []
  } catch {
    return []
  }
}
