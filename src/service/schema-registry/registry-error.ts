/**
 * `unavailable`: it did not give a registry's answer, and may later.
 * `rejected`: it answered, and the same question will be answered the same.
 */
export type RegistryErrorKind = 'unavailable' | 'rejected'

interface RegistryErrorOptions {
  readonly status?: number | undefined
  readonly cause?: unknown
}

/** What the registry did not do for us; the message is one sentence for an operator. */
export class RegistryError extends Error {
  readonly kind: RegistryErrorKind
  /** HTTP status, where an answer came. */
  readonly status: number | undefined

  constructor(kind: RegistryErrorKind, message: string, options: RegistryErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'RegistryError'
    this.kind = kind
    this.status = options.status
  }
}

/** The registry holds schemas under this subject that ours cannot follow. */
export class SchemaIncompatibleError extends Error {
  readonly subject: string
  /** As the registry gave them, one line each. */
  readonly reasons: readonly string[]

  constructor(subject: string, reasons: readonly string[]) {
    const lines = reasons.length === 0 ? ['the registry gave no reasons'] : reasons
    super(
      `The schema of subject ${subject} is not compatible with those registered there:\n` +
        lines.map((line) => `- ${line}`).join('\n'),
    )
    this.name = 'SchemaIncompatibleError'
    this.subject = subject
    this.reasons = reasons
  }
}
