import type { LaneEntry } from './entry.ts'

/** As much of a list as a sentence carries. */
const NAMED_MAX = 3

interface LaneView {
  readonly partition: number
  /** Why it takes no event now; undefined while it does. */
  readonly trouble: string | undefined
  readonly parked: readonly LaneEntry[]
}

export type LanesHealth =
  | { readonly status: 'up'; readonly reason?: undefined }
  | { readonly status: 'degraded' | 'down'; readonly reason: string }

/**
 * Down: no change can succeed now. Degraded: some can, or some event waits for an operator.
 * `clusterFailure`: why the brokers did not say what the topic is like now.
 */
export function describeLanes(
  lanes: readonly LaneView[],
  clusterFailure: string | undefined,
): LanesHealth {
  const blocked = lanes.flatMap(({ partition, trouble }) =>
    trouble === undefined ? [] : [{ partition, reason: trouble }],
  )
  const byReason = Map.groupBy(blocked, ({ reason }) => reason)
  const reasons = Array.from(byReason, ([reason, ofReason]) =>
    describeBlocked(
      ofReason.map(({ partition }) => partition),
      reason,
    ),
  )
  if (clusterFailure !== undefined) reasons.unshift(clusterFailure)
  if (blocked.length === lanes.length) {
    return {
      status: 'down',
      reason: clusterFailure ?? (reasons.join('; ') || 'no lane is open yet'),
    }
  }
  const parked = lanes.flatMap((lane) => lane.parked)
  if (parked.length > 0) reasons.push(describeParked(parked))
  return reasons.length === 0
    ? { status: 'up' }
    : { status: 'degraded', reason: reasons.join('; ') }
}

function describeBlocked(partitions: readonly number[], reason: string): string {
  return partitions.length === 1
    ? `partition ${partitions[0]} takes no events: ${reason}`
    : `partitions ${partitions.join(', ')} take no events: ${reason}`
}

function describeParked(parked: readonly LaneEntry[]): string {
  const orders = parked
    .slice(0, NAMED_MAX)
    .map(({ pending, refusal }) => `'${pending.event.order.orderId}' (${refusal})`)
  const more = parked.length > NAMED_MAX ? ` and ${parked.length - NAMED_MAX} more` : ''
  const what =
    parked.length === 1
      ? 'an event is set aside, because the topic refuses it'
      : `${parked.length} events are set aside, because the topic refuses them`
  return `${what}: order ${orders.join(', ')}${more}`
}
