import { InexactNumber } from './exact-json.ts'
import {
  fieldMissing,
  fieldsInvalid,
  numberInexact,
  parameterUnknown,
  valueRefused,
  type FieldError,
  type RequestError,
} from './request-errors.ts'
import { HEADER_NAMES } from './request-headers.ts'
import { ID_FORMAT, INSTANT_FORMAT, RULE_KEYWORD, START_FORMAT } from './schemas/rule.ts'

/** How much of a refused value is shown, in characters. */
const SHOWN_VALUE_LENGTH_MAX = 60

/** These two ids have valid characters, but a URL drops them as path segments. */
const NO_DOTS_RULE = 'must not be "." or "..", which no URL can carry'

const HALF_CHARACTER = ', which has half of a character: an unpaired surrogate'
const NOT_REAL = ', which is no real date, or not in the years 0000 to 9999 of UTC'
const INSTANT_FORM = '; the form is 2026-01-31T12:00:00Z, without leap seconds'
const CURRENCY_UNKNOWN = ', which this service does not know'

interface RuledSchema {
  readonly [RULE_KEYWORD]?: string
  readonly type?: string
  readonly format?: string
  readonly pattern?: string
  readonly properties?: Readonly<Record<string, RuledSchema>>
}

/** What Ajv reports of one failed keyword when it is `verbose`. */
export interface SchemaViolation {
  readonly keyword: string
  readonly schemaPath: string
  readonly instancePath: string
  readonly params: Readonly<Record<string, unknown>>
  readonly parentSchema?: RuledSchema
  readonly data?: unknown
}

function showValue(value: unknown): string {
  if (value instanceof InexactNumber) return cutShort(value.text)
  // A number too large for JSON is Infinity here, which JSON.stringify would call null.
  return cutShort(typeof value === 'number' ? String(value) : JSON.stringify(value))
}

function cutShort(text: string): string {
  // A character has two units at most, and the text may be a whole body.
  const characters = Array.from(text.slice(0, 2 * SHOWN_VALUE_LENGTH_MAX + 2))
  if (characters.length <= SHOWN_VALUE_LENGTH_MAX) return text
  return `${characters.slice(0, SHOWN_VALUE_LENGTH_MAX).join('')}…`
}

function toFieldError(violation: SchemaViolation): FieldError {
  const { keyword, instancePath, params, parentSchema, data } = violation
  const place = toFieldPath(instancePath)
  if (keyword === 'required') {
    const name = String(params['missingProperty'])
    const rule = parentSchema?.properties?.[name]?.[RULE_KEYWORD]
    return fieldMissing(place === '' ? name : `${place}.${name}`, String(rule))
  }
  if (keyword === 'additionalProperties') {
    const name = String(params['additionalProperty'])
    return parameterUnknown(name, Object.keys(parentSchema?.properties ?? {}))
  }
  const field = place || 'body'
  if (keyword === 'minItems') return { field, message: `${field} must not be empty` }
  if (keyword === 'maxItems') {
    return { field, message: `${field} must have at most ${String(params['limit'])} entries` }
  }
  if (parentSchema?.format === ID_FORMAT && (data === '.' || data === '..')) {
    return { field, message: `${field} ${NO_DOTS_RULE}` }
  }
  // One with a bound has fewer digits anyway, and a text is missing its quotes.
  if (data instanceof InexactNumber && parentSchema?.type === 'number') {
    return numberInexact(field, cutShort(data.text))
  }
  const hint = parentSchema === undefined ? '' : findHint(field, parentSchema, data)
  return valueRefused(field, String(parentSchema?.[RULE_KEYWORD]), `${showValue(data)}${hint}`)
}

/** Of a value that keeps the rule by its words, and is refused for what they do not say. */
function findHint(field: string, { format, pattern = '' }: RuledSchema, data: unknown): string {
  if (typeof data !== 'string') return ''
  if (format === ID_FORMAT && !data.isWellFormed()) return HALF_CHARACTER
  if (format === INSTANT_FORMAT || format === START_FORMAT) {
    if (new RegExp(pattern).test(data)) return NOT_REAL
    return format === INSTANT_FORMAT && /^\d/.test(data) ? INSTANT_FORM : ''
  }
  if (field === 'currency' && /^[a-z]{3}$/i.test(data)) return CURRENCY_UNKNOWN
  return ''
}

/** `/items/1/price` is `items[1].price`, and `/if-match` is `If-Match`. */
function toFieldPath(instancePath: string): string {
  const path = instancePath
    .slice(1)
    .replaceAll(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.')
  return HEADER_NAMES.find((name) => name.toLowerCase() === path) ?? path
}

/** One sentence for each field, however many of its keywords failed: the rule is the same. */
export function toValidationError(violations: readonly SchemaViolation[]): RequestError {
  const byField = new Map<string, FieldError>()
  for (const violation of violations) {
    // Which of several fields are needed is for the operation to say.
    if (/^#\/(?:if|else)\b/.test(violation.schemaPath)) continue
    const fieldError = toFieldError(violation)
    byField.set(fieldError.field, fieldError)
  }
  return fieldsInvalid([...byField.values()])
}
