import { Type } from 'typebox'
import type { ErasedOrder } from '../../business/order/erase-order.ts'
import type { OrderId } from '../../models/order.ts'
import { EXAMPLE_ORDER, orderMessage, toOrderJson, type OrderJson } from './order-json.ts'
import { BODY_RULE, idText } from './order-requests.ts'

/** The erasure of whose order it is: what is asked for, and what is answered. */

export const erasureRequest = Type.Object(
  { orderId: idText<OrderId>('Of a closed order.') },
  { ...BODY_RULE, examples: [{ orderId: 'ORD-1' }] },
)

const ERASED = 'erased'

const EXAMPLE = {
  success: true,
  message: orderMessage('ORD-1', ERASED),
  data: {
    order: { ...EXAMPLE_ORDER, customerId: '', status: 'delivered' },
    version: 5,
    tombstone: 'not-compacted',
  },
}

export const erasedAnswer = Type.Object(
  {
    success: Type.Literal(true),
    message: Type.String(),
    data: Type.Object({
      order: Type.Unsafe<OrderJson>(Type.Ref('Order#')),
      version: Type.Integer({ description: 'Of its last event.' }),
      tombstone: Type.Unsafe<ErasedOrder['tombstone']>(
        Type.String({
          enum: ['written', 'not-compacted', 'not-known', 'no-record'],
          description:
            'written: the topic is compacted and has it. not-compacted: the topic takes none. ' +
            'not-known: the service may not read the settings of the topic, and wrote none. ' +
            'no-record: the store knows of no record of the order on this topic, and none was written.',
        }),
      ),
    }),
  },
  { description: 'The order has no customer any more.', examples: [EXAMPLE] },
)

export function toErasedJson({ order, version, tombstone }: ErasedOrder) {
  return {
    success: true as const,
    message: orderMessage(order.orderId, ERASED),
    data: { order: toOrderJson(order), version, tombstone },
  }
}
