/** Causes of causes are told so far. */
const CAUSES_MAX = 5

/** A shorter value would take every 1 out of a message, and names nobody. */
const VALUE_LENGTH_MIN = 3

/** Stands before the URL of a request, which is a path. */
const SERVICE = 'http://service'

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
 * than orders. A framework puts the URL into its messages, and a driver the values of a row into
 * further members of its errors.
 */
export function reportBug(error: unknown, url: string, causesLeft = CAUSES_MAX): BugReport {
  const parts = partsOf(url)
  const hide = (text: string): string =>
    parts.reduce((shown, part) => shown.replaceAll(part, '(of the URL)'), text)
  if (!(error instanceof Error)) return hide(String(error))
  const { name, message, stack = '', cause } = error
  return {
    type: name,
    message: hide(message),
    ...('code' in error && { code: String(error.code) }),
    stack: hide(stack),
    ...(cause !== undefined && causesLeft > 0 && { cause: reportBug(cause, url, causesLeft - 1) }),
  }
}

/** The whole of it, its path, and the values in it as they are read, where they are no word of ours. */
function partsOf(url: string): readonly string[] {
  // Node hands on what no URL can be, such as `//`.
  const { pathname, searchParams } = URL.parse(url, SERVICE) ?? new URL(SERVICE)
  const values = [...pathname.split('/').map(decode), ...searchParams.values()]
  const own = values.filter((value) => value.length >= VALUE_LENGTH_MIN && !/^[a-z-]+$/.test(value))
  return [url, pathname, decode(pathname), ...own].filter((part) => part.length > 1)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
