import type { Style } from './paint.ts'

/** By the words of an order's status; any other text has none. */
export const STATUS_STYLES: Readonly<Record<string, Style>> = {
  pending: 'yellow',
  confirmed: 'cyan',
  shipped: 'blue',
  delivered: 'green',
  cancelled: 'red',
}
