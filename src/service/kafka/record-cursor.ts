import { FrameError } from '../wire/frames.ts'

/** Of one record; ours has ten at most. */
const HEADERS_MAX = 1_000

const OFFSET_DELTA_MAX = 2 ** 31 - 1

/** Of a varint of 64 bits. */
const VARINT_BYTES_MAX = 10

export interface RecordBytes {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: ReadonlyArray<readonly [Buffer, Buffer | null]>
}

/** Goes through the records of one batch; never beyond its end. Throws a FrameError where they do not fit. */
export class RecordCursor {
  readonly #bytes: Buffer
  #at = 0
  /** Of the record at hand. */
  #end = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** The head of the next record; `read` or `pass` comes next. */
  begin(): { readonly offsetDelta: number; readonly timestampDelta: number } {
    this.#end = this.#bytes.length
    const length = this.#varint()
    if (length < 0 || this.#at + length > this.#bytes.length) throw cutOff()
    this.#end = this.#at + length
    this.#at += 1
    const timestampDelta = this.#varint()
    const offsetDelta = this.#varint()
    if (offsetDelta < 0 || offsetDelta > OFFSET_DELTA_MAX) {
      throw new FrameError(`holds a record with the offset ${offsetDelta}`)
    }
    return { offsetDelta, timestampDelta }
  }

  pass(): void {
    this.#at = this.#end
  }

  /** A string says why the record is left out, without its subject. */
  read(): RecordBytes | string {
    const key = this.#field()
    const value = this.#field()
    const count = this.#varint()
    if (count > HEADERS_MAX) {
      this.pass()
      return `has more than ${HEADERS_MAX} headers`
    }
    const headers: Array<[Buffer, Buffer | null]> = []
    for (let index = 0; index < count; index += 1) {
      const name = this.#field()
      if (name === null) throw new FrameError('holds a header without a name')
      headers.push([name, this.#field()])
    }
    this.pass()
    return { key, value, headers }
  }

  /** As in Java's client, every negative length means null. */
  #field(): Buffer | null {
    const length = this.#varint()
    if (length < 0) return null
    const end = this.#at + length
    if (end > this.#end) throw cutOff()
    const field = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return field
  }

  /** Zigzag, least significant group first. Not exact beyond the safe integers, where no length is right. */
  #varint(): number {
    let value = 0
    for (let index = 0; index < VARINT_BYTES_MAX; index += 1) {
      const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined
      if (byte === undefined) throw cutOff()
      this.#at += 1
      value += (byte & 0x7f) * 2 ** (7 * index)
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    throw new FrameError('holds a number that is too large')
  }
}

function cutOff(): FrameError {
  return new FrameError('holds a record that is cut off')
}
