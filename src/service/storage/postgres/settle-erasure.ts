import { NOBODY } from '../../../models/order.ts'
import type { Arguments, Value } from '../operation.ts'
import type { Query } from './connection.ts'
import { ERASED_COLUMNS } from './event-columns.ts'
import { settle } from './order-statements.ts'

const ERASE_EVENTS = `
  UPDATE order_events SET ${ERASED_COLUMNS} WHERE order_id = $1 AND version < $2`

const ERASE_ORDER = `UPDATE orders SET customer_id = '${NOBODY}' WHERE order_id = $1`

/** Needs a transaction. Apart from {@link settle}, so that no other settling pays for it. */
export async function settleErasure(
  query: Query,
  ...call: Arguments<'settleErasure'>
): Promise<Value<'settleErasure'> | 'stray'> {
  const [result = 'not-owned'] = await settle(query, [call])
  if (result !== 'settled') return result
  const [, { orderId, version }] = call
  await query({ text: ERASE_EVENTS }, [orderId, version])
  await query({ text: ERASE_ORDER }, [orderId])
  return result
}
