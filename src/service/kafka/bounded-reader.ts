import { Reader } from '@platformatic/kafka'
import { FrameError } from '../wire/frames.ts'

/**
 * Reads an answer without ever going back or beyond its end. The client library believes the lengths
 * in an answer: a negative one moves it back, so that an array with a large count reads the same
 * bytes two thousand million times. Every element takes a byte at least, so what is read here takes
 * no longer than its bytes.
 */
export function createBoundedReader({ buffer, position }: Reader): Reader {
  const reader = new Reader(buffer)
  const end = buffer.length
  let at = position
  Object.defineProperty(reader, 'position', {
    get: () => at,
    set: (next: number) => {
      if (!(next >= at && next <= end)) throw new FrameError(beyond(next - at))
      at = next
    },
  })
  return reader
}

function beyond(length: number): string {
  return `the broker's answer holds a length of ${length} bytes, which it does not have`
}
