/**
 * All that is counted while the service works, as plain numbers. One object for each process; adding to
 * it never fails and never waits. The metrics are read from it when somebody asks (service/metrics), so
 * nothing on the way of a change knows what a metric is.
 */
import { Distribution, Distributions, Tally } from './tally.ts'

export const CHANGE_COMMANDS = ['create', 'update', 'erase'] as const

export type ChangeCommand = (typeof CHANGE_COMMANDS)[number]

/**
 * `done` and `replayed` were answered 201 or 200, `refused` 4xx, `not-applied` and `unknown` 503, `failed`
 * 500.
 */
export const CHANGE_OUTCOMES = [
  'done',
  'replayed',
  'refused',
  'not-applied',
  'unknown',
  'failed',
] as const

export type ChangeOutcomeName = (typeof CHANGE_OUTCOMES)[number]

const PUBLISH_OUTCOMES = ['acked', 'refused', 'cancelled', 'in-doubt'] as const

const REQUEST_RESULTS = ['answered', 'unanswered'] as const

const BATCH_RESULTS = ['acked', 'refused', 'unknown'] as const

/**
 * Why a partition is read for events: another process may have sent them, a Produce request was not
 * answered or failed, its acknowledgement proves nothing (L4), or what was missing was sent again (L8).
 */
export const LOOK_CAUSES = ['taken-over', 'unanswered', 'unproven', 'sent-again'] as const

export type LookCause = (typeof LOOK_CAUSES)[number]

/** Seconds: from a local store's commit to PUBLISH_TIMEOUT_MS. */
const SECONDS_BOUNDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

export class Measures {
  /** By method, route and status. */
  readonly requests = new Distributions(SECONDS_BOUNDS)
  /** By kind of work: requests that were answered SERVICE_FULL. */
  readonly turnedAway = new Tally([['change'], ['read'], ['list'], ['stream']])
  /** By command and outcome. */
  readonly changes = new Tally(
    CHANGE_COMMANDS.flatMap((command) => CHANGE_OUTCOMES.map((outcome) => [command, outcome])),
  )
  /** From handing an event to its lane to the broker's acknowledgement. */
  readonly acknowledgements = new Distribution(SECONDS_BOUNDS)
  /** By outcome: the first that a caller could be told. */
  readonly publications = new Tally(PUBLISH_OUTCOMES.map((outcome) => [outcome]))
  /** By result. */
  readonly produceRequests = new Tally(REQUEST_RESULTS.map((result) => [result]))
  /** By result: what the broker's answer proves. A request has one of each of several lanes. */
  readonly producedBatches = new Tally(BATCH_RESULTS.map((result) => [result]))
  /** By cause. */
  readonly topicLooks = new Tally(LOOK_CAUSES.map((cause) => [cause]))
  /** By how. */
  readonly recoveredEvents = new Tally([['found'], ['published']])
  /** By operation, from a batch's begin to its answer. */
  readonly storeOperations = new Distributions(SECONDS_BOUNDS)
  /** By whether the operation may have been applied. */
  readonly storeFailures = new Tally([['no'], ['unknown']])
  /** In all Produce requests together, those that were sent again included. */
  producedEventCount = 0
  contestedCount = 0
  leaseLossCount = 0
  takenOverEventCount = 0
  handedOverEventCount = 0
  streamReaderCount = 0
  streamReadersDroppedCount = 0
}
