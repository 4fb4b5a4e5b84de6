import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import process from 'node:process'
import { callerFolder } from '../../config/caller-folder.ts'

export const STDIN = '-'

/** Far more than the service takes; it says so itself. */
const BYTES_MAX = 16 * 1024 ** 2

/** Other bytes would be replaced, and the order would get another name than the file has. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The whole text, as it is. Rejects with a sentence. */
export async function readOrderFile(file: string): Promise<string> {
  const name = file === STDIN ? 'stdin' : file
  const input = file === STDIN ? process.stdin : createReadStream(resolve(callerFolder(), file))
  const chunks: Buffer[] = []
  let byteCount = 0
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      byteCount += chunk.byteLength
      if (byteCount > BYTES_MAX) break
      chunks.push(chunk)
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${name} cannot be read: ${reason}`, { cause: error })
  }
  if (byteCount > BYTES_MAX) throw new Error(`${name} has more than ${BYTES_MAX} bytes`)
  try {
    return utf8.decode(Buffer.concat(chunks))
  } catch (error) {
    throw new Error(`${name} is not UTF-8: save it in UTF-8, then try again`, { cause: error })
  }
}

/** The order id in it; undefined where there is none to be found. */
export function orderIdIn(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { readonly orderId?: unknown } | null
    return typeof body?.orderId === 'string' ? body.orderId : undefined
  } catch {
    return undefined
  }
}
