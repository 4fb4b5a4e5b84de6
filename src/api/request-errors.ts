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
  'REQUEST_TIMED_OUT',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_NOT_SUPPORTED',
  'HEADERS_TOO_LARGE',
  'HOST_NOT_ALLOWED',
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

/** It would change what objects are made of. */
export function bodyKeyNotAllowed(cause: unknown): RequestError {
  const detail = 'The body has a key that is not allowed: __proto__ or constructor.prototype'
  return new RequestError('BODY_NOT_JSON', detail, { cause })
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

export function bodyEncoded(): RequestError {
  const detail = 'Send the body as it is, without Content-Encoding'
  return new RequestError('MEDIA_TYPE_NOT_SUPPORTED', detail)
}

export function charsetNotSupported(): RequestError {
  return new RequestError('MEDIA_TYPE_NOT_SUPPORTED', 'Send the body in UTF-8')
}

export function mediaTypeNotSupported(): RequestError {
  return new RequestError('MEDIA_TYPE_NOT_SUPPORTED', 'Send the body as application/json')
}

/** `message` begins with the field's name. */
export function fieldsInvalid(fieldErrors: readonly FieldError[]): RequestError {
  const detail = fieldErrors.map(({ message }) => message).join('; ')
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

export function fieldMissing(field: string, rule: string): FieldError {
  return { field, message: `${field} is required: it ${rule}` }
}

export function urlNotDecodable(): RequestError {
  return new RequestError('REQUEST_INVALID', 'The URL is not percent-encoded UTF-8')
}

export function urlPartTooLong(): RequestError {
  return new RequestError('REQUEST_INVALID', 'A part of the URL is longer than any order id')
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

export function pathNotFound(path: string): RequestError {
  return new RequestError('PATH_NOT_FOUND', `Nothing is at ${path}`)
}

export function methodNotAllowed(path: string, allow: string, method: string): RequestError {
  return new RequestError('METHOD_NOT_ALLOWED', `${path} takes ${allow}, not ${method}`)
}
