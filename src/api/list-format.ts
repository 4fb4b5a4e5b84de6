import { Type } from 'typebox'
import { ruled } from './schemas/rule.ts'

/** In which of its formats a list is answered. */

export const LIST_MEDIA_TYPES = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
} as const

export type ListFormat = keyof typeof LIST_MEDIA_TYPES

/** JSON first: it is taken where a request likes all of them alike. */
export const LIST_FORMATS = Object.keys(LIST_MEDIA_TYPES) as ListFormat[]

export const formatParameter = Type.Unsafe<ListFormat>(
  Type.String({
    ...ruled(
      'For clients that cannot set Accept, such as spreadsheets; wins over it.',
      `must be one of ${LIST_FORMATS.join(', ')}`,
    ),
    enum: LIST_FORMATS,
  }),
)

/**
 * By `Accept` (RFC 9110 §12.5.1): the largest q counts, then the name before the wildcard, then what is
 * named first. A header that names none of them is answered in JSON and not by 406, as on every other
 * path: the answer says what it is, and errors are JSON as well.
 */
export function preferredFormat(accept = '*/*'): ListFormat {
  const ranges = accept.split(',').map(readRange)
  const wishes = LIST_FORMATS.flatMap((format) => {
    const name = LIST_MEDIA_TYPES[format]
    // The most exact one that fits is the only one that counts.
    for (const [vagueness, fitting] of [name, name.replace(/\/.*/, '/*'), '*/*'].entries()) {
      const place = ranges.findIndex((range) => range.name === fitting)
      const { quality = 0 } = ranges[place] ?? {}
      if (place >= 0) return quality > 0 ? [{ format, vagueness, place, quality }] : []
    }
    return []
  })
  const [best] = wishes.toSorted(
    (one, other) =>
      other.quality - one.quality || one.vagueness - other.vagueness || one.place - other.place,
  )
  return best?.format ?? 'json'
}

/** Parameters other than q do not matter: each of the formats has one form. */
function readRange(text: string): { name: string; quality: number } {
  const [name = '', ...parameters] = text.toLowerCase().split(';')
  const quality = parameters.map((one) => /^\s*q=([\d.]+)\s*$/.exec(one)?.[1]).find(Boolean)
  return { name: name.trim(), quality: Number(quality ?? 1) }
}
