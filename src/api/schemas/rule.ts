import { startToUtc, toUtc } from '../../models/instant.ts'
import { isOrderId } from '../../models/order.ts'
import { readEventCursor, readOrderCursor } from './list-cursor.ts'

/** The schema keyword that carries a rule as a sentence, said in the documentation and in errors. */
export const RULE_KEYWORD = 'x-rule'

/** Others are refused: of a query by tidy-requests.ts. */
export const NO_OTHERS = { additionalProperties: false } as const

/** Of a string that names something. */
export const ID_FORMAT = 'order-id'

/** Of one that names an instant. */
export const INSTANT_FORMAT = 'date-time'

/** Of one that names a day or an instant. */
export const START_FORMAT = 'day-or-instant'

/** Of one that an earlier page of a list ended with. */
export const ORDER_CURSOR_FORMAT = 'order-cursor'
export const EVENT_CURSOR_FORMAT = 'event-cursor'

/** The formats of our schemas: the rules that no pattern says in full. */
export const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  [ID_FORMAT]: isOrderId,
  [INSTANT_FORMAT]: (text) => toUtc(text) !== undefined,
  [START_FORMAT]: (text) => startToUtc(text) !== undefined,
  [ORDER_CURSOR_FORMAT]: (text) => readOrderCursor(text) !== undefined,
  [EVENT_CURSOR_FORMAT]: (text) => readEventCursor(text) !== undefined,
}

/**
 * The options of a property's schema. `purpose` is a sentence; `rule` goes on from the field's name:
 * "must be an integer from 1 to 100". `addition` is said in the documentation alone.
 */
export function ruled(
  purpose: string,
  rule: string,
  addition = '',
): { description: string; 'x-rule': string } {
  return { description: `${purpose} It ${rule}${addition}.`, [RULE_KEYWORD]: rule }
}
