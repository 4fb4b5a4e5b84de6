/**
 * The faults of a request before a use case hears of it: one builder for each sentence, for the
 * code, the examples of the API's description and the documents. Nothing else makes a RequestError
 * (test/tidy.test.ts). The sentences of use cases are in business/refusals.ts.
 */

export const REQUEST_CODES = [
  'BODY_NOT_JSON',
  'REQUEST_INVALID',
  'PATH_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'EVENTS_RETIRED',
  'EXPECTATION_FAILED',
  'REQUEST_TIMED_OUT',
  'ENTITY_TAG_WEAK',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_NOT_SUPPORTED',
  'HEADERS_TOO_LARGE',
  'HOST_NOT_ALLOWED',
  'CREDENTIAL_MISSING',
  'CREDENTIAL_REFUSED',
  'SCOPE_MISSING',
  'ORIGIN_NOT_ALLOWED',
] as const

export type RequestCode = (typeof REQUEST_CODES)[number]

export interface FieldError {
  readonly field: string
  readonly message: string
}

/** The fault of the caller, found without a use case. The message is shown to the caller. */
export class RequestError extends Error {
  readonly code: RequestCode
  readonly fieldErrors: readonly FieldError[] | undefined

  constructor(
    code: RequestCode,
    detail: string,
    { fieldErrors, cause }: { fieldErrors?: readonly FieldError[]; cause?: unknown } = {},
  ) {
    super(detail, cause === undefined ? undefined : { cause })
    this.name = 'RequestError'
    this.code = code
    this.fieldErrors = fieldErrors
  }
}

export function bodyNotJson(reason: string, cause?: unknown): RequestError {
  return new RequestError('BODY_NOT_JSON', `The body is not valid JSON: ${reason}`, { cause })
}

export function bodyNotUtf8(cause: unknown): RequestError {
  return new RequestError('BODY_NOT_JSON', 'The body is not valid UTF-8', { cause })
}

export function bodyEmpty(): RequestError {
  return new RequestError('BODY_NOT_JSON', 'The body is empty: send a JSON object')
}

export function bodyTooLarge(bytesMax: number): RequestError {
  return new RequestError('BODY_TOO_LARGE', `The body may have ${bytesMax} bytes at most`)
}

export function bodyTooManyValues(valuesMax: number): RequestError {
  return new RequestError('BODY_TOO_LARGE', `The body may hold ${valuesMax} values at most`)
}

export function tooManyLongNumbers(max: number): RequestError {
  const detail = `The body may hold ${max} numbers of 16 digits or more`
  return new RequestError('BODY_TOO_LARGE', detail)
}

export function bodyEncoded(): RequestError {
  const detail = 'Send the body as it is, without Content-Encoding'
  return new RequestError('MEDIA_TYPE_NOT_SUPPORTED', detail)
}

export function charsetNotSupported(charset: string): RequestError {
  const detail = `Send the body in UTF-8, with charset=utf-8 or without a charset, got ${charset}`
  return new RequestError('MEDIA_TYPE_NOT_SUPPORTED', detail)
}

export function mediaTypeNotSupported(): RequestError {
  return new RequestError('MEDIA_TYPE_NOT_SUPPORTED', 'Send the body as application/json')
}

/** So many wrong fields are named in one text; a list of items may have some in each. */
const DETAIL_SENTENCES_MAX = 20

/** Each `message` begins with the field's name. */
export function fieldsInvalid(fieldErrors: readonly FieldError[]): RequestError {
  const sentences = fieldErrors.slice(0, DETAIL_SENTENCES_MAX).map(({ message }) => message)
  const left = fieldErrors.length - sentences.length
  const detail = [...sentences, ...(left > 0 ? [`and ${left} more`] : [])].join('; ')
  return new RequestError('REQUEST_INVALID', detail, { fieldErrors })
}

/** `rule` continues after the field's name: "must be an integer". */
export function fieldInvalid(field: string, rule: string): RequestError {
  return fieldsInvalid([{ field, message: `${field} ${rule}` }])
}

/** As {@link fieldInvalid}, with the value that breaks the rule. */
export function valueRefused(field: string, rule: string, shownValue: string): FieldError {
  return { field, message: `${field} ${rule}, got ${shownValue}` }
}

/** JSON has numbers of any length, and most programs keep 15 to 17 of their digits. */
export function numberInexact(field: string, written: string): FieldError {
  return { field, message: `${field} has more digits than a number keeps, got ${written}` }
}

export function fieldMissing(field: string, rule: string): FieldError {
  return { field, message: `${field} is required: it ${rule}` }
}

/** One of two fields is needed. `rule` is of the first one, and begins with its name. */
export function alternativesMissing(field: string, other: string, rule: string): FieldError {
  return { field, message: `${field} or ${other} is required: ${rule}` }
}

/**
 * Of tags that a server in between made weak or has marked with a coding: a strong comparison never finds
 * one equal (RFC 9110 §13.1.1). `ours` is the one that the answer had.
 */
export function entityTagAltered(tag: string, ours: string): RequestError {
  const kind = tag.startsWith('W/') ? 'weak entity tags' : 'entity tags with a coding'
  const detail = `If-Match has only ${kind}, which match nothing: send ${ours} instead of ${tag}`
  return new RequestError('ENTITY_TAG_WEAK', detail)
}

export function parameterUnknown(field: string, known: readonly string[]): FieldError {
  const others = known.length === 0 ? 'there are none' : `there are ${known.join(', ')}`
  return { field, message: `${field} is no parameter here: ${others}` }
}

export function urlNotDecodable(): RequestError {
  return new RequestError('REQUEST_INVALID', 'The URL is not percent-encoded UTF-8')
}

export function lengthWrong(): RequestError {
  return new RequestError('REQUEST_INVALID', 'The body is not as long as Content-Length says')
}

export function requestBroken(): RequestError {
  return new RequestError('REQUEST_INVALID', 'The request broke off')
}

export function notHttp(): RequestError {
  return new RequestError('REQUEST_INVALID', 'This is not valid HTTP')
}

export function hostMissing(): RequestError {
  return new RequestError('REQUEST_INVALID', 'The header Host is missing: HTTP/1.1 needs it')
}

export function hostRepeated(): RequestError {
  return new RequestError('REQUEST_INVALID', 'The header Host is there more than once')
}

export function versionNotSpoken(version: string): RequestError {
  return new RequestError('REQUEST_INVALID', `HTTP/${version} is not spoken here: send HTTP/1.1`)
}

export function transferCodingNotKnown(): RequestError {
  const detail = 'Transfer-Encoding may be chunked in HTTP/1.1, and nothing else'
  return new RequestError('REQUEST_INVALID', detail)
}

export function targetNotKnown(): RequestError {
  return new RequestError('REQUEST_INVALID', 'The target is no path and no http:// address')
}

export function notProxy(): RequestError {
  return new RequestError('REQUEST_INVALID', 'CONNECT is for proxies: this is none')
}

export function expectationUnknown(expect = ''): RequestError {
  const detail = `Expect may be 100-continue and nothing else, got "${expect}"`
  return new RequestError('EXPECTATION_FAILED', detail)
}

/** By the framework, for a reason that has no sentence here yet. */
export function requestNotReadable(cause: unknown): RequestError {
  return new RequestError('REQUEST_INVALID', 'The request cannot be read', { cause })
}

export function requestTimedOut(): RequestError {
  return new RequestError('REQUEST_TIMED_OUT', 'The request did not arrive in time')
}

export function headersTooLarge(): RequestError {
  const detail = 'The URL and the headers together are too large'
  return new RequestError('HEADERS_TOO_LARGE', detail)
}

export function hostNotAllowed(): RequestError {
  const detail =
    'The service does not know itself by the name in the Host header; ALLOWED_HOSTS adds names'
  return new RequestError('HOST_NOT_ALLOWED', detail)
}

export function credentialMissing(): RequestError {
  const detail =
    'Say who you are: send an API key or a token as Authorization: Bearer <it>, or log in at /login'
  return new RequestError('CREDENTIAL_MISSING', detail)
}

/** One sentence for all reasons: whoever guesses learns nothing. */
export function credentialRefused(): RequestError {
  const detail = 'The API key or token is not known here, or its time is over'
  return new RequestError('CREDENTIAL_REFUSED', detail)
}

export function scopeMissing(scope: string): RequestError {
  const detail = `This needs the scope ${scope}, which your API key or token does not have`
  return new RequestError('SCOPE_MISSING', detail)
}

export function originNotAllowed(): RequestError {
  const detail =
    'A browser may write from the pages of this service alone: the header Origin names no page of it; PUBLIC_URL says how browsers reach it'
  return new RequestError('ORIGIN_NOT_ALLOWED', detail)
}

export function pathNotFound(path: string): RequestError {
  return new RequestError('PATH_NOT_FOUND', `Nothing is at ${path}`)
}

/** Of a reader of the stream. `id`: as it would send it. */
export function eventsRetired(field: string, id: string): RequestError {
  const detail = `Orders were retired with events that came after this ${field}: read the orders anew, and go on after ${id}`
  return new RequestError('EVENTS_RETIRED', detail)
}

export function methodNotAllowed(path: string, allow: string, method: string): RequestError {
  return new RequestError('METHOD_NOT_ALLOWED', `${path} takes ${allow}, not ${method}`)
}
