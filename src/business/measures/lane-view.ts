/**
 * How a lane stands, in one word: it has no connection yet; a quota of Kafka holds it up; its leader does
 * not answer, or answers with errors, for longer than a moment; or the leader refuses every event.
 */
export const LANE_STATES = [
  'open',
  'connecting',
  'throttled',
  'silent',
  'failing',
  'refusing',
] as const

export type LaneStateName = (typeof LANE_STATES)[number]

export interface LaneView {
  readonly partition: number
  readonly state: LaneStateName
  /** Events that the topic does not take, each alone. */
  readonly parkedCount: number
}
