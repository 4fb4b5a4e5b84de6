import { Buffer } from 'node:buffer'
import { get, type IncomingMessage } from 'node:http'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { until } from '../test/support/until.ts'

/**
 * Readers of the stream in a process of their own, each of which cuts its connection every few seconds
 * and goes on by Last-Event-ID. On SQLite the events are numbered without a gap, so each reader can tell
 * for itself whether one was lost; on PostgreSQL "lost" says nothing. Arguments: url, readers. Ends at
 * the end of its input, once every reader has what is there then; prints one line of JSON.
 */

const [url = '', count = ''] = process.argv.slice(2)

const CONNECTED_MS = [1_000, 5_000] as const
/** They may have fallen behind by all that was written. */
const END_MS_MAX = 200_000
const FRAME_END = '\n\n'
const FRAME_START = 'id: '
/** Of a frame, up to the end of its id. */
const HEAD_LENGTH_MAX = 64

interface Totals {
  readonly readers: number
  events: number
  bytes: number
  lost: number
  repeated: number
  reconnects: number
  /** Ended by the service, or never made. */
  failed: number
}

const totals: Totals = {
  readers: Number(count),
  events: 0,
  bytes: 0,
  lost: 0,
  repeated: 0,
  reconnects: 0,
  failed: 0,
}

/** Where each reader is: the id, and of that the number of the settling and what comes after it. */
class Reader {
  id = ''
  settling = -1
  #arrival = -1
  #rest: Buffer = Buffer.alloc(0)

  begin(): void {
    this.#rest = Buffer.alloc(0)
  }

  take(chunk: Buffer): void {
    totals.bytes += chunk.length
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let start = 0
    for (;;) {
      const end = bytes.indexOf(FRAME_END, start)
      if (end === -1) break
      this.#takeFrame(bytes, start)
      start = end + FRAME_END.length
    }
    this.#rest = bytes.subarray(start)
  }

  #takeFrame(bytes: Buffer, start: number): void {
    const head = bytes.toString('latin1', start, start + HEAD_LENGTH_MAX)
    const idAt = head.indexOf(FRAME_START)
    const lineEnd = head.indexOf('\n', idAt)
    this.id = head.slice(idAt + FRAME_START.length, lineEnd === -1 ? undefined : lineEnd)
    const settling = Number.parseInt(this.id, 10)
    const arrival = Number(this.id.slice(this.id.indexOf('-') + 1))
    const isNext =
      settling > this.settling || (settling === this.settling && arrival > this.#arrival)
    if (idAt === 0) {
      totals.events += 1
      if (!isNext) totals.repeated += 1
      else if (settling > this.settling) totals.lost += settling - this.settling - 1
    }
    // Without an event before it, in the first frame of the first connection, it says where it begins.
    if (idAt !== 0 && this.settling !== -1) return
    this.settling = settling
    this.#arrival = arrival
  }
}

function connect(reader: Reader): Promise<IncomingMessage> {
  const headers = reader.id === '' ? {} : { 'last-event-id': reader.id }
  return new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, (response) => {
      if (response.statusCode === 200) resolve(response)
      else reject(new Error(`answered ${response.statusCode}`))
    }).on('error', reject)
  })
}

let isEnding = false

async function follow(reader: Reader, onFirst: () => void): Promise<void> {
  for (let isFirst = true; ; isFirst = false) {
    if (!isFirst) totals.reconnects += 1
    const response = await connect(reader)
    reader.begin()
    let isCut = false
    const ended = new Promise<void>((resolve) => {
      response.on('error', () => {}).on('close', resolve)
    })
    response.on('data', (chunk: Buffer) => {
      if (!isCut) reader.take(chunk)
      if (reader.settling >= 0) onFirst()
    })
    const [least, most] = CONNECTED_MS
    await Promise.race([ended, setTimeout(least + Math.random() * (most - least))])
    // To the end of the run the last connection is kept, unless the service ends it.
    if (isEnding) await ended
    if (response.closed) totals.failed += 1
    isCut = true
    response.destroy()
  }
}

const readers = Array.from({ length: Number(count) }, () => new Reader())
const began = readers.map(() => Promise.withResolvers<void>())
for (const [index, reader] of readers.entries()) void follow(reader, () => began[index]?.resolve())
await Promise.all(began.map(({ promise }) => promise))
process.stdout.write('following\n')

process.stdin.resume()
await new Promise((resolve) => process.stdin.once('end', resolve))
isEnding = true
const last = new Reader()
const response = await connect(last)
response.on('data', (chunk: Buffer) => last.take(chunk))
await until(() => last.settling >= 0, 'the stream tells its end')
response.destroy()
await until(
  () => readers.every(({ id }) => id === last.id),
  'every reader has what there is',
  END_MS_MAX,
)
process.stdout.write(`${JSON.stringify(totals)}\n`, () => process.exit(0))
