import { Buffer } from 'node:buffer'

/** A request as bytes, made once; only the number in it changes from one to the next. */

const DIGITS = 10
const NUMBER = '#'.repeat(DIGITS)

export class RequestBytes {
  readonly #bytes: Buffer
  readonly #places: readonly number[]

  /** Every ten `#` in `text` are the place of the number. */
  constructor(text: string) {
    this.#bytes = Buffer.from(text, 'latin1')
    this.#places = [...text.matchAll(new RegExp(NUMBER, 'g'))].map(({ index }) => index)
  }

  /** The same bytes each time. */
  numbered(number: number): Buffer {
    const digits = String(number).padStart(DIGITS, '0')
    for (const place of this.#places) this.#bytes.write(digits, place, 'latin1')
    return this.#bytes
  }
}

/** What the requests of a load ask for; `run` makes their ids and keys different from those of others. */
export type Asked =
  | { readonly kind: 'create'; readonly run: string }
  | {
      readonly kind: 'update'
      readonly run: string
      readonly orderId: string
      readonly hasKey: boolean
    }

export function requestFor(asked: Asked): RequestBytes {
  if (asked.kind === 'create') return createRequest(asked.run)
  const key = asked.hasKey ? `idempotency-key: ${asked.run}-${NUMBER}\r\n` : ''
  const body = `{"orderId":"${asked.orderId}","status":"confirmed"}`
  return withBody('PUT /api/update-order', key, body)
}

export function createRequest(run: string): RequestBytes {
  return withBody('POST /api/create-order', '', `{"orderId":"${run}-${NUMBER}","numItems":3}`)
}

function withBody(target: string, headers: string, body: string): RequestBytes {
  return new RequestBytes(
    `${target} HTTP/1.1\r\nhost: localhost\r\n${headers}content-type: application/json\r\n` +
      `content-length: ${body.length}\r\n\r\n${body}`,
  )
}
