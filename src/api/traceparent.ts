import type { IncomingHttpHeaders } from 'node:http'

/** W3C Trace Context: version, trace id, parent id, flags; ff is no version, all zeros no id. */
const TRACEPARENT_PATTERN =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** The header as the commands take it; one that is not valid counts as absent, as W3C asks. */
export function readTraceparent(headers: IncomingHttpHeaders): { traceparent?: string } {
  const traceparent = headers['traceparent']
  if (typeof traceparent !== 'string' || !TRACEPARENT_PATTERN.test(traceparent)) return {}
  return { traceparent }
}
