/** Causes of causes are told so far. */
const CAUSES_MAX = 5

/** The part of a bug's error that the log shows. */
export type BugReport =
  | string
  | {
      readonly type: string
      readonly message: string
      readonly code?: string
      readonly stack: string
      readonly cause?: BugReport
    }

/**
 * An error for the log, without what the caller sent: logs are kept longer, and read by more people,
 * than orders. A framework puts the path into its messages, and a driver the values of a row into
 * further members of its errors.
 */
export function reportBug(error: unknown, path: string, causesLeft = CAUSES_MAX): BugReport {
  const hide = (text: string): string =>
    path.length > 1 ? text.replaceAll(path, '(the path)') : text
  if (!(error instanceof Error)) return hide(String(error))
  const { name, message, stack = '', cause } = error
  return {
    type: name,
    message: hide(message),
    ...('code' in error && { code: String(error.code) }),
    stack: hide(stack),
    ...(cause !== undefined && causesLeft > 0 && { cause: reportBug(cause, path, causesLeft - 1) }),
  }
}
