import {
  fieldMissing,
  fieldsInvalid,
  valueRefused,
  type FieldError,
  type RequestError,
} from './request-errors.ts'
import { RULE_KEYWORD } from './schemas/rule.ts'

/** How much of a refused value is shown, in characters. */
const SHOWN_VALUE_LENGTH_MAX = 60

interface RuledSchema {
  readonly [RULE_KEYWORD]?: string
  readonly properties?: Readonly<Record<string, RuledSchema>>
}

/** What Ajv reports of one failed keyword when it is `verbose`. */
export interface SchemaViolation {
  readonly keyword: string
  readonly instancePath: string
  readonly params: Readonly<Record<string, unknown>>
  readonly parentSchema?: RuledSchema
  readonly data?: unknown
}

function showValue(value: unknown): string {
  // A number too large for JSON is Infinity here, which JSON.stringify would call null.
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value)
  const characters = Array.from(text)
  if (characters.length <= SHOWN_VALUE_LENGTH_MAX) return text
  return `${characters.slice(0, SHOWN_VALUE_LENGTH_MAX).join('')}…`
}

function toFieldError(violation: SchemaViolation): FieldError {
  const { keyword, instancePath, params, parentSchema, data } = violation
  if (keyword === 'required') {
    const field = String(params['missingProperty'])
    const rule = parentSchema?.properties?.[field]?.[RULE_KEYWORD]
    return fieldMissing(field, String(rule))
  }
  const field = instancePath.slice(1) || 'body'
  return valueRefused(field, String(parentSchema?.[RULE_KEYWORD]), showValue(data))
}

/** One sentence for each field, however many of its keywords failed: the rule is the same. */
export function toValidationError(violations: readonly SchemaViolation[]): RequestError {
  const byField = new Map<string, FieldError>()
  for (const violation of violations) {
    const fieldError = toFieldError(violation)
    byField.set(fieldError.field, fieldError)
  }
  return fieldsInvalid([...byField.values()])
}
