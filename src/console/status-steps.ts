/** What a status is usually followed by, in the words of somebody who does it. */

export const STATUSES = ['pending', 'confirmed', 'shipped', 'delivered', 'cancelled'] as const

export type Status = (typeof STATUSES)[number]

const LABELS: Readonly<Record<Status, string>> = {
  pending: 'Back to pending',
  confirmed: 'Confirm order',
  shipped: 'Mark as shipped',
  delivered: 'Mark as delivered',
  cancelled: 'Cancel order…',
}

const NEXT: Readonly<Record<string, Status>> = {
  pending: 'confirmed',
  confirmed: 'shipped',
  shipped: 'delivered',
}

export function labelOf(status: Status): string {
  return LABELS[status]
}

/** Undefined where an order usually stays as it is. */
export function nextStatus(status: string): Status | undefined {
  return NEXT[status]
}

/** All but the next one and the one that it has. Which of them are allowed the service says. */
export function otherStatuses(status: string): readonly Status[] {
  return STATUSES.filter((other) => other !== status && other !== nextStatus(status))
}
