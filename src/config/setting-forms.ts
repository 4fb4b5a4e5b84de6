import { readFileSync, statSync } from 'node:fs'
import { Type } from 'typebox'

/** How settings are written down: the schema of one, with its documentation. */

/** What the schema of every setting carries beside its type. */
export interface SettingNotes {
  /** One or two sentences for the reader of the table. */
  readonly description: string
  /** What a value must be, to follow "must be". */
  readonly form: string
  readonly default?: string | number | boolean
  /** The value is never repeated. */
  readonly isSecret?: boolean
  /** The value is the path of a file that others shall not read. */
  readonly isSecretFile?: boolean
  /** An address with credentials in it: it is shown without them, and not at all where it is refused. */
  readonly mayHoldSecret?: boolean
}

export interface TextRule {
  readonly form: string
  readonly default?: string
  readonly isSecret?: boolean
  readonly isSecretFile?: boolean
  readonly mayHoldSecret?: boolean
  readonly accepts: (value: string) => boolean
  /** Says more than "must be …" where a refused value deserves it. */
  readonly explain?: (value: string) => string | undefined
}

export function text(description: string, rule: TextRule) {
  const { accepts, explain, ...notes } = rule
  return Type.Refine(
    Type.String({ description, ...notes }),
    accepts,
    (value) => explain?.(value) ?? `must be ${rule.form}`,
  )
}

export interface IntegerRange {
  readonly minimum: number
  readonly maximum: number
  readonly default?: number
}

export function integer(description: string, range: IntegerRange) {
  const form = `an integer from ${range.minimum} to ${range.maximum}`
  return Type.Integer({ description, form, ...range })
}

export function flag(description: string, byDefault: boolean) {
  return Type.Boolean({ description, form: 'true or false', default: byDefault })
}

export function choice<const T extends [string, ...string[]]>(
  description: string,
  values: T,
  byDefault?: T[number],
) {
  const form = `one of ${values.join(', ')}`
  const notes = {
    description,
    form,
    ...(byDefault !== undefined && { default: byDefault }),
  }
  return Type.Unsafe<T[number]>(Type.Enum(values, notes))
}

const PEM = 'the path of a PEM file that can be read'

/** `words` are accepted beside a path. */
export function pemFile(description: string, words: readonly string[] = []) {
  return text(description, {
    form: [PEM, ...words].join(', or '),
    accepts: (value) => words.includes(value) || contentOf(value)?.includes('-----BEGIN ') === true,
    explain: (value) =>
      contentOf(value) === undefined
        ? undefined
        : `must be ${PEM}; it holds no PEM, so convert it (from PKCS #12: openssl pkcs12 -in FILE -out FILE.pem -nodes)`,
  })
}

/** What a secret must be, in a variable or in a file. */
export type SecretRule = Pick<TextRule, 'form' | 'accepts'>

export function secret(description: string, rule: SecretRule) {
  return text(description, { ...rule, isSecret: true })
}

/** The same secret in a file, such as a mounted one; it is read anew whenever it is needed. */
export function secretFile(name: string, rule?: SecretRule) {
  return text(`A file that holds ${name}, read anew at each use, so that it may be replaced.`, {
    form: 'the path of a file that can be read and is not empty',
    isSecretFile: true,
    accepts: (value) => {
      const found = secretIn(value)
      return found !== undefined && (rule === undefined || rule.accepts(found))
    },
    explain: (value) =>
      rule === undefined || secretIn(value) === undefined
        ? undefined
        : `must be the path of a file that holds ${rule.form}`,
  })
}

/** A line break at its end is the editor's. Undefined where there is none. */
function secretIn(path: string): string | undefined {
  const content = contentOf(path, 'utf8') ?? ''
  return content.trim() === '' ? undefined : content.replace(/\r?\n$/, '')
}

/** Certificates of all authorities of an operating system have 200 kB. A device has no end. */
const FILE_BYTES_MAX = 4 * 1024 * 1024

function contentOf(path: string, encoding: BufferEncoding = 'latin1'): string | undefined {
  try {
    const facts = statSync(path)
    if (!facts.isFile() || facts.size > FILE_BYTES_MAX) return undefined
    return readFileSync(path, encoding)
  } catch {
    return undefined
  }
}
