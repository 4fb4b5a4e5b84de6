import type { Print } from '../command.ts'
import { isWorthRepeating, type ChangeResult, type OrderJson } from '../send-change.ts'

export const CHANGE_EXIT_CODES = {
  0: 'done: the event is on the topic and the order in the store',
  1: 'refused (4xx): nothing happened',
  2: 'not done, or not known (503, no answer): the output says which, and what to do',
} as const

/** Prints what came of a change, and what that means; resolves with the exit code. */
export function reportChange(
  result: ChangeResult,
  {
    done,
    again,
    isJson,
  }: { readonly done: string; readonly again: string; readonly isJson: boolean },
  print: Print,
): number {
  if (isJson) print.out(JSON.stringify(result))
  else if (result.kind === 'done')
    for (const line of describeOrder(result.order, done)) print.out(line)
  else for (const line of describeFailure(result, again)) print.progress(line)
  return { done: 0, refused: 1, failed: 2, 'no-answer': 2 }[result.kind]
}

function describeOrder(order: OrderJson, done: string): string[] {
  const { orderId, status, items, totalAmount, currency } = order
  const width = Math.max(...items.map(({ itemId }) => itemId.length))
  return [
    `Order ${orderId} ${done}: ${status}, ${totalAmount} ${currency}`,
    ...items.map(
      ({ itemId, quantity, price }) => `  ${itemId.padEnd(width)}  ${quantity} x ${price}`,
    ),
  ]
}

function describeFailure(result: Exclude<ChangeResult, { kind: 'done' }>, again: string): string[] {
  if (result.kind === 'no-answer') return [result.reason, meaningOf(result, again)]
  const { httpStatus, code, detail } = result
  return [`${httpStatus} ${code}: ${detail}`, meaningOf(result, again)]
}

/** What a person may conclude, and should do. */
export function meaningOf(result: Exclude<ChangeResult, { kind: 'done' }>, again: string): string {
  if (result.outcome === 'unknown') {
    return `It may have happened. Send the same again to find out: ${again}`
  }
  if (!isWorthRepeating(result)) {
    return 'Nothing happened, and the same request would be refused again.'
  }
  const seconds = 'retryAfterSeconds' in result ? result.retryAfterSeconds : undefined
  const when = seconds === undefined ? '' : `, after ${seconds} s`
  return `Nothing happened. Send it again${when}: ${again}`
}
