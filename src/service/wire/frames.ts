/**
 * Another process sends its bytes over a socket in frames that announce their own length. A client
 * library believes that length: it waits for two gigabytes, or throws where nobody catches it. Here
 * the bytes are put together to whole frames of a bounded length before a library sees them, and
 * whatever it throws ends that connection and nothing else.
 */
import type { Socket } from 'node:net'

export interface FrameFormat {
  /** Of one frame, for its errors: "the broker's answer". */
  readonly name: string
  /** Bytes in front of the length, which is an int32. */
  readonly lengthAt: number
  /** Bytes of the whole frame that its length does not count. */
  readonly uncountedBytes: number
  readonly lengthMin: number
  readonly lengthMax: () => number
  /** The likely cause of a length beyond the bounds, where one is known. */
  readonly explain?: (length: number) => string | undefined
  /** Throws where the frame would lead the library astray. */
  readonly check?: (frame: Buffer) => void
}

/** The other side does not keep to the protocol. */
export class FrameError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'FrameError'
  }
}

const LENGTH_BYTES = 4
const EMPTY = Buffer.alloc(0)

/** Puts chunks together to frames. Memory grows with what has come, not with what was announced. */
export class FrameAssembler {
  readonly #format: FrameFormat
  #held: Buffer = EMPTY
  #heldBytes = 0

  constructor(format: FrameFormat) {
    this.#format = format
  }

  /** The frames that are whole with this chunk. Throws a FrameError at a length beyond its bounds. */
  *push(chunk: Buffer): Generator<Buffer> {
    const bytes = this.#append(chunk)
    let at = 0
    for (;;) {
      const size = this.#sizeAt(bytes, at)
      if (size === undefined || at + size > bytes.length) break
      const frame = bytes.subarray(at, at + size)
      at += size
      this.#format.check?.(frame)
      yield frame
    }
    // Nothing was handed out: the buffer may still grow in place.
    if (at === 0 && this.#heldBytes > 0) return
    // The receiver may keep the bytes: nothing writes to them again.
    this.#held = Buffer.from(bytes.subarray(at))
    this.#heldBytes = this.#held.length
  }

  #append(chunk: Buffer): Buffer {
    if (this.#heldBytes === 0) return chunk
    const needed = this.#heldBytes + chunk.length
    if (needed > this.#held.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#held.length))
      this.#held.copy(grown, 0, 0, this.#heldBytes)
      this.#held = grown
    }
    chunk.copy(this.#held, this.#heldBytes)
    this.#heldBytes = needed
    return this.#held.subarray(0, needed)
  }

  #sizeAt(bytes: Buffer, at: number): number | undefined {
    const { name, lengthAt, uncountedBytes, lengthMin, lengthMax, explain } = this.#format
    if (at + lengthAt + LENGTH_BYTES > bytes.length) return undefined
    const length = bytes.readInt32BE(at + lengthAt)
    if (length >= lengthMin && length <= lengthMax()) return uncountedBytes + length
    throw new FrameError(explain?.(length) ?? `${name} claims a length of ${length} bytes`)
  }
}

/**
 * Puts itself between a socket and the library that listens to its data by now. Whatever is thrown
 * on the way ends the socket; `onFault` hears of it first.
 */
export function guardFrames(
  socket: Socket,
  format: FrameFormat,
  onFault: (fault: Error) => void,
): void {
  const parsers = socket.listeners('data') as Array<(chunk: Buffer) => void>
  const assembler = new FrameAssembler(format)
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const frame of assembler.push(chunk)) {
        if (socket.destroyed) return
        for (const parse of parsers) parse.call(socket, frame)
      }
    } catch (error) {
      const fault = asFrameError(error, format)
      onFault(fault)
      socket.destroy(fault)
    }
  })
  for (const parse of parsers) socket.off('data', parse)
}

/** The result of reading it, as one sentence. */
export function asFrameError(error: unknown, { name }: FrameFormat): Error {
  if (error instanceof FrameError) return error
  return new FrameError(`${name} cannot be read: ${reasonOf(error)}`, { cause: error })
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
