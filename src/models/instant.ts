/**
 * ISO 8601 in the form of RFC 3339, and a little more, as it is written elsewhere: without seconds, with a
 * comma, with the hours of the zone alone. No leap second: nothing that counts milliseconds has one. For
 * schemas, whose readers know no named groups.
 */
const DAY = String.raw`\d{4}-\d{2}-\d{2}`
const TIME = String.raw`[Tt](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(?:[Zz]|[+\-]\d{2}(?::?\d{2})?)`

export const INSTANT_PATTERN = `^${DAY}${TIME}$`
export const DAY_OR_INSTANT_PATTERN = `^${DAY}(?:${TIME})?$`

/** Of a text in that form. */
const PARTS =
  /^(?<day>.{10})T(?<minute>.{5})(?<second>:\d{2})?(?:[.,](?<fraction>\d+))?(?<zone>Z|[+-].+)$/

const instantRegExp = new RegExp(INSTANT_PATTERN)

const MINUTE_MS = 60_000

const DAY_LENGTH = '2026-01-31'.length

/**
 * The instant in UTC, to the millisecond: `2026-01-31T12:00:00.000Z`. Further digits are cut off.
 * Undefined where the text is no such date and time, names a day or a time that does not exist, or is
 * not in the years 0000 to 9999 in UTC: further ones have another form.
 */
export function toUtc(text: string): string | undefined {
  const parts = instantRegExp.test(text) ? PARTS.exec(text.toUpperCase())?.groups : undefined
  if (parts === undefined) return undefined
  const { day = '', minute = '', second = ':00', fraction = '', zone = '' } = parts
  const local = `${day}T${minute}${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`
  const offsetMinutes = readOffset(zone)
  if (!exists(local) || offsetMinutes === undefined) return undefined
  const utc = new Date(Date.parse(local) - offsetMinutes * MINUTE_MS).toISOString()
  return /^\d/.test(utc) ? utc : undefined
}

/** As {@link toUtc}; of a day alone the first instant in UTC. */
export function startToUtc(text: string): string | undefined {
  return toUtc(text.length === DAY_LENGTH ? `${text}T00:00Z` : text)
}

/** JavaScript takes the 31st of February for the 3rd of March. */
function exists(local: string): boolean {
  const date = new Date(local)
  return !Number.isNaN(date.getTime()) && date.toISOString() === local
}

function readOffset(zone: string): number | undefined {
  if (zone === 'Z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(3).replace(':', ''))
  if (hours > 23 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}
