import { startToUtc } from '../models/instant.ts'
import { UsageError } from './command.ts'

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** `500ms`, `90s`, `10m`, `2h`, `1d`, or `1.5h`; undefined where it is none of these. */
export function parseDurationMs(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? []
  const unitMs = UNIT_MS[unit]
  return count === undefined || unitMs === undefined ? undefined : Number(count) * unitMs
}

export function durationMsOf(option: string, text: string): number {
  const durationMs = parseDurationMs(text)
  if (durationMs !== undefined) return durationMs
  throw new UsageError(`--${option} must be a duration such as 90s, 10m or 2h, got '${text}'`)
}

/** The first day that the API can be asked for. */
const EARLIEST_MS = Date.parse('0000-01-01T00:00:00Z')

/** A time as the API takes it, or a duration before now. */
export function timeMsOf(option: string, text: string, nowMs: number): number {
  const durationMs = parseDurationMs(text)
  const timeMs =
    durationMs === undefined ? Date.parse(startToUtc(text) ?? '') : Math.floor(nowMs - durationMs)
  if (timeMs >= EARLIEST_MS) return timeMs
  throw new UsageError(
    `--${option} must be a duration such as 10m, a day such as 2026-11-24 or a time with its zone such as 2026-11-24T09:00:00Z, got '${text}'`,
  )
}

export function integerOf(option: string, text: string, min: number, max: number): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= min && number <= max) return number
  throw new UsageError(`--${option} must be an integer from ${min} to ${max}, got '${text}'`)
}

export function numberOf(option: string, text: string, min: number, max: number): number {
  const number = Number(text)
  if (/^\d+(?:\.\d+)?$/.test(text) && number >= min && number <= max) return number
  throw new UsageError(`--${option} must be a number from ${min} to ${max}, got '${text}'`)
}

export function choiceOf<Choice extends string>(
  option: string,
  text: string,
  choices: readonly Choice[],
): Choice {
  const choice = choices.find((one) => one === text)
  if (choice !== undefined) return choice
  throw new UsageError(`--${option} must be one of ${choices.join(', ')}, got '${text}'`)
}
