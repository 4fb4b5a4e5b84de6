import type { Print } from '../command.ts'
import { amountText } from '../amount.ts'
import { widestOf } from '../layout.ts'
import { isWorthRepeating, type ChangeResult, type OrderJson } from '../send-change.ts'
import { describeProblem } from '../service-answer.ts'

export const CHANGE_EXIT_CODES = {
  0: 'done: the event is on the topic and the order in the store',
  1: 'refused (4xx): nothing happened',
  2: 'not done, or not known (503, no answer): the output says which, and what to do',
} as const

/** What a person or a program needs to send the same change again. */
export interface SentChange {
  /** Undefined where the caller's text names none. */
  readonly orderId: string | undefined
  readonly idempotencyKey: string
  /** A command to paste. */
  readonly again: string
}

/** Prints what came of a change, and what that means; resolves with the exit code. */
export function reportChange(
  result: ChangeResult,
  { done, isJson, ...sent }: SentChange & { readonly done: string; readonly isJson: boolean },
  print: Print,
): number {
  if (isJson) print.out(JSON.stringify(toJson(result, sent)))
  else if (result.kind === 'done')
    for (const line of describeOrder(result.order, done)) print.out(line)
  else for (const line of describeFailure(result, sent.again)) print.progress(line)
  return { done: 0, refused: 1, failed: 2, 'no-answer': 2 }[result.kind]
}

/** The key is there in each case, so that a program can send the same request again. */
function toJson(result: ChangeResult, { orderId, idempotencyKey, again }: SentChange): object {
  const isOver = result.kind === 'done' || !isWorthRepeating(result)
  return { ...result, orderId, idempotencyKey, ...(isOver ? {} : { again }) }
}

function describeOrder(order: OrderJson, done: string): string[] {
  const { orderId, status, items, totalAmount, currency } = order
  const width = widestOf(items.map(({ itemId }) => itemId))
  return [
    `Order ${orderId} ${done}: ${status}, ${amountText(totalAmount, currency)} ${currency}`,
    ...items.map(
      ({ itemId, quantity, price }) =>
        `  ${itemId.padEnd(width)}  ${quantity} x ${amountText(price, currency)}`,
    ),
  ]
}

function describeFailure(result: Exclude<ChangeResult, { kind: 'done' }>, again: string): string[] {
  const meaning = meaningOf(result, again)
  if (result.kind === 'no-answer') return [result.reason, ...meaning]
  return [...describeProblem(result), ...meaning]
}

/** What a person may conclude, and should do. A command is a line of its own. */
export function meaningOf(
  result: Exclude<ChangeResult, { kind: 'done' }>,
  again: string,
): readonly string[] {
  if (result.outcome === 'unknown') {
    return ['It may have happened. Send the same again to find out:', `  ${again}`]
  }
  if (!isWorthRepeating(result)) {
    return ['Nothing happened, and the same request would be refused again.']
  }
  const seconds = 'retryAfterSeconds' in result ? result.retryAfterSeconds : undefined
  const when = seconds === undefined ? '' : `, after ${seconds} s`
  return [`Nothing happened. Send it again${when}:`, `  ${again}`]
}
