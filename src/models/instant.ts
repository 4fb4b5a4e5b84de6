/** ISO 8601: a date, a time of any precision, and a zone. */
const INSTANT =
  /^(?<day>\d{4}-\d{2}-\d{2})T(?<minute>\d{2}:\d{2})(?<second>:\d{2})?(?:[.,](?<fraction>\d+))?(?<zone>Z|[+-]\d{2}(?::?\d{2})?)$/

const MINUTE_MS = 60_000

/**
 * The instant in UTC, to the millisecond: `2026-01-31T12:00:00.000Z`. Further digits are cut off.
 * Undefined where the text is no such date and time, names a day or a time that does not exist, or is
 * not in the years 0000 to 9999 in UTC: further ones have another form.
 */
export function toUtc(text: string): string | undefined {
  const parts = INSTANT.exec(text)?.groups
  if (parts === undefined) return undefined
  const { day = '', minute = '', second = ':00', fraction = '', zone = '' } = parts
  // A fraction of a minute would be another thing.
  if (fraction !== '' && parts['second'] === undefined) return undefined
  const local = `${day}T${minute}${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`
  const offsetMinutes = readOffset(zone)
  if (!exists(local) || offsetMinutes === undefined) return undefined
  const utc = new Date(Date.parse(local) - offsetMinutes * MINUTE_MS).toISOString()
  return /^\d/.test(utc) ? utc : undefined
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
