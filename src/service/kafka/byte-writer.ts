const SEVEN_BITS = 128

/** Of a length below 2^34. */
const LENGTH_BYTES_MAX = 5

/** Writes numbers and texts as Kafka's records have them, into a buffer that is large enough. */
export class ByteWriter {
  readonly #target: Buffer
  /** The next byte goes here. */
  at = 0

  constructor(target: Buffer) {
    this.#target = target
  }

  /** The buffer as far as it is written. */
  get written(): Buffer {
    return this.#target.subarray(0, this.at)
  }

  int8(value: number): void {
    this.at = this.#target.writeInt8(value, this.at)
  }

  int16(value: number): void {
    this.at = this.#target.writeInt16BE(value, this.at)
  }

  int32(value: number): void {
    this.at = this.#target.writeInt32BE(value, this.at)
  }

  int64(value: number): void {
    this.at = this.#target.writeBigInt64BE(BigInt(value), this.at)
  }

  /** Zigzag, seven bits a byte: of any integer that a number holds exactly. */
  varint(value: number): void {
    let rest = value < 0 ? -2 * value - 1 : 2 * value
    while (rest >= SEVEN_BITS) {
      this.#target[this.at] = (rest % SEVEN_BITS) + SEVEN_BITS
      this.at += 1
      rest = Math.floor(rest / SEVEN_BITS)
    }
    this.#target[this.at] = rest
    this.at += 1
  }

  bytes(value: Uint8Array): void {
    this.#target.set(value, this.at)
    this.at += value.length
  }

  /** With its length in front. */
  framed(value: Uint8Array): void {
    this.varint(value.length)
    this.bytes(value)
  }

  /** In UTF-8, with its length in front. */
  framedText(value: string): void {
    this.varint(Buffer.byteLength(value))
    this.at += this.#target.write(value, this.at)
  }

  /** What is written from here on gets its length in front, at {@link endFrame}. Takes so much room more. */
  beginFrame(): number {
    const startAt = this.at
    this.at += LENGTH_BYTES_MAX
    return startAt
  }

  endFrame(startAt: number): void {
    const bodyAt = startAt + LENGTH_BYTES_MAX
    const endAt = this.at
    this.at = startAt
    this.varint(endAt - bodyAt)
    this.#target.copyWithin(this.at, bodyAt, endAt)
    this.at += endAt - bodyAt
  }

  /** Something else in the place of a byte that was written. */
  replaceByte(at: number, value: number): void {
    this.#target[at] = value
  }

  static readonly frameRoomBytes = LENGTH_BYTES_MAX
}
