import type { Socket } from 'node:net'
import type { Client } from 'pg'
import { FrameError, guardFrames, type FrameFormat } from '../../wire/frames.ts'
import { SCRAM_ITERATIONS_MAX } from '../../wire/scram.ts'

/** A row holds one order or event; its bytes come as twice as many hexadecimal digits. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024

/**
 * All rows of an answer, which the driver holds together. Lists at work have 64 MiB of JSON in all; their
 * bytes come as twice as many digits.
 */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024

const ERROR = 'E'.charCodeAt(0)
const NOTICE = 'N'.charCodeAt(0)
const READY_FOR_QUERY = 'Z'.charCodeAt(0)
const AUTHENTICATION = 'R'.charCodeAt(0)

/** Behind the code and the length. */
const BODY_AT = 5

/** Of one connection. Source: postgresql.org, "Message Formats". */
function boundedMessages(): FrameFormat {
  let answerBytes = 0
  return {
    name: "the database's message",
    lengthAt: 1,
    uncountedBytes: 1,
    lengthMin: 4,
    lengthMax: () => MESSAGE_BYTES_MAX,
    check: (message) => {
      answerBytes = message[0] === READY_FOR_QUERY ? 0 : answerBytes + message.length
      if (answerBytes > ANSWER_BYTES_MAX) {
        throw new FrameError(`the database's answer has more than ${ANSWER_BYTES_MAX} bytes`)
      }
      if (message[0] === ERROR || message[0] === NOTICE) checkFields(message)
      if (message[0] === AUTHENTICATION) checkIterations(message)
    },
  }
}

/** Fields of the driver's connection that its typings leave out. */
interface Wire {
  readonly ssl: unknown
  /** The socket, or the encryption over it once that is there. */
  readonly stream: Socket
  once(event: 'sslconnect', listener: () => void): void
}

/** Whatever the server says costs no more than the connection. To be called before it connects. */
export function guardMessages(client: Client, socket: Socket): void {
  const { connection: wire } = client as unknown as { readonly connection: Wire }
  const guard = (): void => guardFrames(wire.stream, boundedMessages(), () => {})
  // The driver listens to its messages by then; with encryption, one byte comes in front of them.
  if (wire.ssl === false) socket.once('connect', guard)
  else wire.once('sslconnect', guard)
}

/** Each is a letter and a text, and a zero ends them. The driver looks for that zero without an end. */
function checkFields(message: Buffer): void {
  for (let at = BODY_AT; message[at] !== 0;) {
    const end = message.indexOf(0, at + 1)
    if (at >= message.length || end < 0) throw new FrameError('an error of the database has no end')
    at = end + 1
  }
}

function checkIterations(message: Buffer): void {
  const iterations = /,i=(\d+)/u.exec(message.toString('latin1'))?.[1]
  if (Number(iterations) > SCRAM_ITERATIONS_MAX) {
    throw new FrameError(`the database wants the password hashed ${iterations} times`)
  }
}
