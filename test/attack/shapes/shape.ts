/** What a row of the table sends, and what may come of it. */
export interface Shape {
  readonly name: string
  /** One byte a character (latin-1). A last request, {@link LAST}, follows it on the connection. */
  readonly sent: string
  /** The status of every answer until the service ends the connection; a last 200 is that of {@link LAST}. */
  readonly answers: readonly number[]
  /** The order that the shape creates, if it is right. {@link SMUGGLED_ID} is never created. */
  readonly creates?: string
  /**
   * The caller ends its half of the connection in place of the last request. It is taken for one that
   * has left: it may get no answer, though its request was carried out.
   */
  readonly isHalfClosed?: boolean
  /**
   * In place of the last request, sent in a piece of its own when the service has ended its half, and another
   * caller has a connection: nothing of it is carried out, on either.
   */
  readonly sentBehind?: string
}

export const HOST = 'Host: localhost\r\n'
export const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const JSON_TYPE = 'Content-Type: application/json\r\n'

/** Never created: in each shape it is a part of another request, or comes after the end. */
export const SMUGGLED_ID = 'EVIL-000'

export const LAST = `GET /health/live HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`

/** 35 bytes, or 23 in hexadecimal, with an id of 8 characters. */
export function orderBody(orderId: string): string {
  return `{"orderId":"${orderId}","numItems":1}`
}

export const LENGTH = 'Content-Length: 35\r\n'

/** Lines of headers, each with its end, and the body as it is sent. */
export function post(headers: string, body: string, version = '1.1'): string {
  return `POST /api/create-order HTTP/${version}\r\n${HOST}${JSON_TYPE}${headers}\r\n${body}`
}

export function get(target: string, headers = '', method = 'GET'): string {
  return `${method} ${target} HTTP/1.1\r\n${HOST}${headers}\r\n`
}

export function chunks(body: string): string {
  return `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
}

export const PROBE = get('/health/live')

export const SMUGGLED = post(LENGTH, orderBody(SMUGGLED_ID))

/** Rows of a table of creations, each with an order id of its own. */
export function creations(
  prefix: string,
  rows: ReadonlyArray<
    readonly [name: string, answers: readonly number[], send: (body: string) => string]
  >,
): Shape[] {
  return rows.map(([name, answers, send], index) => {
    const orderId = `${prefix}-${String(index).padStart(7 - prefix.length, '0')}`
    const shape = { name, answers, sent: send(orderBody(orderId)) }
    return answers.includes(201) ? { ...shape, creates: orderId } : shape
  })
}

/** Rows that create nothing. */
export function requests(
  rows: ReadonlyArray<readonly [name: string, answers: readonly number[], sent: string]>,
): Shape[] {
  return rows.map(([name, answers, sent]) => ({ name, answers, sent }))
}
