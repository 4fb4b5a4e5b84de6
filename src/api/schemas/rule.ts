/** The schema keyword that carries a rule as a sentence, said in the documentation and in errors. */
export const RULE_KEYWORD = 'x-rule'

/**
 * The options of a property's schema. `purpose` is a sentence; `rule` goes on from the field's name:
 * "must be an integer from 1 to 100".
 */
export function ruled(purpose: string, rule: string): { description: string; 'x-rule': string } {
  return { description: `${purpose} It ${rule}.`, [RULE_KEYWORD]: rule }
}
