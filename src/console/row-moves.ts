import { currentPlace, goTo } from './navigation.ts'

/** To the next or the previous row. While an order is open, the one of that row is opened. */
export function moveThroughRows(rows: HTMLElement, step: 1 | -1): void {
  const lines = [...rows.querySelectorAll<HTMLElement>('tr:has(> :is(th, td) > :is(a, button))')]
  const focused = lines.findIndex((line) => line.contains(document.activeElement))
  const from = focused >= 0 ? focused : lines.findIndex((line) => line.matches('.is-open'))
  const start = step === 1 ? 0 : lines.length - 1
  const target = lines[from < 0 ? start : Math.min(lines.length - 1, Math.max(0, from + step))]
  const link = target?.querySelector<HTMLElement>('a, button')
  const orderId = target?.dataset['orderId']
  if (orderId !== undefined && currentPlace().order !== '') goTo({ order: orderId }, 'replace')
  // Also after the order has opened: who walks through the rows stays among them.
  link?.focus()
  link?.scrollIntoView({ block: 'nearest' })
}

/** To the first row, from what is left, or goes away with its press. */
export function enterRows(rows: HTMLElement): void {
  rows.querySelector<HTMLElement>('a, button')?.focus()
}

/** The details of a record that the reader is in, or those that are open. */
export function closeRecord(rows: HTMLElement): void {
  const left = document.activeElement?.closest('.record-details')?.previousElementSibling
  const line = left ?? rows.querySelector('.is-open')
  const toggle = line?.querySelector<HTMLElement>('.record-toggle')
  toggle?.click()
  toggle?.focus()
}
