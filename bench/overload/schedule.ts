import type { Span } from './samples.ts'

/**
 * When which request is to be sent, by the clock of the generator. Requests have numbers from 0.
 * Latency counts from the planned time, so that a stall is seen by all requests that it held up and
 * not only by the few that were open.
 */
export interface Schedule {
  /** How many requests are to be sent by now. */
  dueBy(nowMs: number): number
  plannedMs(number: number, nowMs: number): number
}

/** So many a second, whatever becomes of them. */
export function openLoop({ fromMs, untilMs }: Span, perSecond: number): Schedule {
  const eachMs = 1_000 / perSecond
  return {
    dueBy: (nowMs) => Math.max(0, Math.ceil((Math.min(nowMs, untilMs) - fromMs) / eachMs)),
    plannedMs: (number) => fromMs + number * eachMs,
  }
}

/** The next one on each connection as soon as it is free. */
export function closedLoop(): Schedule {
  return { dueBy: () => Infinity, plannedMs: (_number, nowMs) => nowMs }
}

/** Before the first request is due. */
export const NOTHING_DUE: Schedule = { dueBy: () => 0, plannedMs: (_number, nowMs) => nowMs }
