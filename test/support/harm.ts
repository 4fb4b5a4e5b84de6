import fc from 'fast-check'

/** How a frame is harmed, one place after the other. */
export interface Harm {
  readonly kind: 'bytes' | 'int32' | 'cut' | 'insert'
  readonly at: number
  readonly bytes: Uint8Array
  readonly int32: number
  readonly splitAt: number
}

const NASTY = [-(2 ** 31), -5, -2, -1, 0, 1, 255, 65_535, 2 ** 28, 2 ** 31 - 1]

export const HARM: fc.Arbitrary<readonly Harm[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('bytes', 'int32', 'cut', 'insert'),
    at: fc.nat({ max: 2_000 }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
    int32: fc.oneof(fc.constantFrom(...NASTY), fc.integer()),
    splitAt: fc.nat({ max: 2_000 }),
  }),
  { minLength: 1, maxLength: 4 },
)

/** The bytes in up to two parts, then none, which ends what is said. */
export function applyHarm(frame: Buffer, harms: readonly Harm[]): Buffer[] {
  let bytes: Buffer = Buffer.from(frame)
  for (const harm of harms) bytes = applyOne(bytes, harm)
  const [first] = harms
  const splitAt = (first?.splitAt ?? 0) % (bytes.length + 1)
  const parts = [bytes.subarray(0, splitAt), bytes.subarray(splitAt)]
  return [...parts.filter(({ length }) => length > 0), Buffer.alloc(0)]
}

function applyOne(frame: Buffer, { kind, at, bytes, int32 }: Harm): Buffer {
  if (frame.length < 8) return frame
  const place = at % (frame.length - 3)
  switch (kind) {
    case 'bytes':
      Buffer.from(bytes).copy(frame, place)
      return frame
    case 'int32':
      frame.writeInt32BE(int32, place)
      return frame
    case 'cut':
      return Buffer.concat([frame.subarray(0, place), frame.subarray(place + bytes.length)])
    case 'insert':
      return Buffer.concat([frame.subarray(0, place), bytes, frame.subarray(place)])
  }
}
