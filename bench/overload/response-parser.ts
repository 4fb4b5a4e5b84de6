import { Buffer } from 'node:buffer'

/**
 * Reads what the load needs of an answer: nothing else of HTTP is understood here, so that the
 * generator takes as little of the machine as Node.js allows. One request is open at a time.
 */

export interface Answer {
  readonly status: number
  /** Of a problem; undefined of a success. */
  readonly code: string | undefined
  readonly outcome: string | undefined
  /** The service ends the connection after it. */
  readonly isLast: boolean
}

/** Far more than any answer to a change has. */
const ANSWER_BYTES_MAX = 1024 * 1024

const NOTHING = Buffer.alloc(0)
const HEAD_END = Buffer.from('\r\n\r\n')
const STATUS = /^HTTP\/1\.1 (\d{3})/
const LENGTH = /\r\ncontent-length: *(\d+) *(?:\r|$)/i
const CLOSE = /\r\nconnection: *close *(?:\r|$)/i
const PROBLEM_STATUS_MIN = 400
// A quotation mark within a string of JSON has a backslash before it, so no text can look like these.
const CODE = /"code":"(\w+)"/
const OUTCOME = /"outcome":"([\w-]+)"/

export class ResponseParser {
  #rest = NOTHING

  /**
   * The answer, once its last byte is there. `chunk` may be overwritten afterwards. Throws on bytes
   * that are no answer with a length, and on more bytes than one answer has.
   */
  take(chunk: Buffer): Answer | undefined {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const answer = parse(bytes)
    this.#rest = answer === undefined ? Buffer.from(bytes) : NOTHING
    return answer
  }
}

function parse(bytes: Buffer): Answer | undefined {
  const headEnd = bytes.indexOf(HEAD_END)
  if (headEnd === -1) {
    if (bytes.length > ANSWER_BYTES_MAX) throw new Error('an answer whose head has no end')
    return undefined
  }
  const head = bytes.toString('latin1', 0, headEnd)
  const status = Number(STATUS.exec(head)?.[1])
  const length = Number(LENGTH.exec(head)?.[1])
  if (!(status > 0) || !(length <= ANSWER_BYTES_MAX)) {
    throw new Error(`not an answer with a length: ${head.slice(0, 80)}`)
  }
  const bodyAt = headEnd + HEAD_END.length
  if (bytes.length < bodyAt + length) return undefined
  if (bytes.length > bodyAt + length) throw new Error('more bytes than one answer has')
  const problem = status < PROBLEM_STATUS_MIN ? '' : bytes.toString('latin1', bodyAt)
  return {
    status,
    code: CODE.exec(problem)?.[1],
    outcome: OUTCOME.exec(problem)?.[1],
    isLast: CLOSE.test(head),
  }
}
