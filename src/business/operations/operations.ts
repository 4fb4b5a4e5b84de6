import type { PendingEvent } from '../../models/order-event.ts'
import type { Clock, OrderStore } from '../ports.ts'
import { readStore } from '../read-store.ts'
import type { ToolRequest, ToolRun, ToolRuns } from './tool-runs.ts'

/** What somebody who operates the service may look at. Nothing here changes anything. */

/** A setting that holds, as it may be shown: without secrets. */
export interface ShownSetting {
  readonly name: string
  /** Undefined: unset, and without a default. */
  readonly value: string | undefined
  readonly source: string
}

/** What keeps events of a partition from the topic. */
export interface LaneReport {
  readonly partition: number
  /** Why it takes no event now; undefined while it does. */
  readonly trouble: string | undefined
  /** Events that the topic does not take, each alone. */
  readonly parked: readonly { readonly eventId: string; readonly refusal: string }[]
}

export interface InstanceReport {
  readonly instanceId: string
  /** By the store's clock; undefined where the store belongs to one process. */
  readonly leaseUntil: string | undefined
  readonly joinedAt: string | undefined
  readonly isThisOne: boolean
}

export interface PendingReport {
  readonly orderId: string
  readonly version: number
  readonly eventId: string
  readonly time: string
  readonly partition: number
  readonly state: 'parked' | 'blocked' | 'under-way'
  /** Why it is not on the topic, where that is known here. */
  readonly reason?: string
}

export interface PublicationReport {
  readonly topic: string
  readonly lanes: readonly LaneReport[]
  readonly instances: readonly InstanceReport[]
  /** The oldest ones, whoever owns them. */
  readonly pending: readonly PendingReport[]
  /** There are more than are listed. */
  readonly hasMore: boolean
}

export interface Operations {
  readonly settings: readonly ShownSetting[]
  /** Rejects with a 503 while the store cannot be read. */
  readPublication(): Promise<PublicationReport>
  listRuns(): readonly ToolRun[]
  /** Throws TOOL_AT_WORK while a tool is at work. */
  startRun(request: ToolRequest): ToolRun
}

export interface OperationsDeps {
  readonly settings: readonly ShownSetting[]
  readonly topic: string
  readonly store: Pick<OrderStore, 'listPending'>
  readonly lanes: () => readonly LaneReport[]
  readonly listInstances: () => Promise<readonly InstanceReport[]>
  readonly runs: ToolRuns
  readonly clock: Clock
  readonly readTimeoutMs: number
}

/** They are read whole, beside the changes: of the largest orders 50 are 160 MB of PostgreSQL's answer. */
const PENDING_MAX = 50

export function createOperations(deps: OperationsDeps): Operations {
  const { settings, topic, store, lanes, listInstances, runs, clock, readTimeoutMs } = deps
  let reading: Promise<PublicationReport> | undefined

  async function readPublication(): Promise<PublicationReport> {
    const deadlineMs = clock.monotonicMs() + readTimeoutMs
    const [pending, instances] = await readStore(
      Promise.all([store.listPending(PENDING_MAX + 1), listInstances()]),
      clock,
      deadlineMs,
    )
    const now = lanes()
    return {
      topic,
      lanes: now,
      instances,
      pending: pending.slice(0, PENDING_MAX).map((event) => describePending(event, now)),
      hasMore: pending.length > PENDING_MAX,
    }
  }

  return {
    settings,
    // One at a time: those who ask together share it.
    readPublication() {
      reading ??= readPublication().finally(() => {
        reading = undefined
      })
      return reading
    },
    listRuns: () => runs.list(),
    startRun: (request) => runs.start(request),
  }
}

export function describePending(
  { event, partition }: PendingEvent,
  lanes: readonly LaneReport[],
): PendingReport {
  const { eventId, version, time, order } = event
  const facts = { orderId: order.orderId, version, eventId, time, partition }
  const parked = lanes.flatMap((lane) => lane.parked).find((one) => one.eventId === eventId)
  if (parked !== undefined) return { ...facts, state: 'parked', reason: parked.refusal }
  const trouble = lanes.find((lane) => lane.partition === partition)?.trouble
  return trouble === undefined
    ? { ...facts, state: 'under-way' }
    : { ...facts, state: 'blocked', reason: trouble }
}
