/** The schema keyword that carries a rule as a sentence, said in the documentation and in errors. */
export const RULE_KEYWORD = 'x-rule'

/** Others are refused: of a query by tidy-requests.ts. */
export const NO_OTHERS = { additionalProperties: false } as const

/** Of a string that names something: checked by isOrderId, which no pattern says in full. */
export const ID_FORMAT = 'order-id'

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
