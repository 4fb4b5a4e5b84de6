/** Answers of anybody to `fetch`, which reads as much as is sent. */

export class AnswerTooLarge extends Error {
  constructor(bytesMax: number) {
    super(`its answer has more than ${bytesMax} bytes`)
    this.name = 'AnswerTooLarge'
  }
}

/**
 * The text of an answer, counted as it is unpacked. Rejects with {@link AnswerTooLarge}, which ends the
 * connection, or with what the signal of the request says.
 */
export async function readBounded(response: Response, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let byteCount = 0
  for await (const chunk of response.body ?? []) {
    byteCount += chunk.byteLength
    if (byteCount > bytesMax) throw new AnswerTooLarge(bytesMax)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
