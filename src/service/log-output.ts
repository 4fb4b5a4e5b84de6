/**
 * Where the log goes: a file descriptor that may take nothing for a while, or never again. A full disk,
 * a pipe that nobody reads, a reader that has gone: none of them may hold up the service or its end.
 *
 *   line ─▶ queue, bounded ─▶ one write at a time, never waited for ─▶ the descriptor
 *             │               those of 10 ms together: a write wakes the reader, which costs more than a line
 *             │ full: dropped, counted        │ fails: its lines are dropped, counted
 *
 * Once everything that waits could be written again, what was dropped is told, in one line.
 */
import { fstatSync, write as writeToFile } from 'node:fs'
import process from 'node:process'

/** Lines that wait, in characters. A reader that stops for a moment loses nothing. */
const QUEUED_LENGTH_MAX = 1024 * 1024

/** A process that is killed loses what has waited for so long. */
const GATHER_MS = 10

/** Of one write, in characters; one line may be longer. */
const CHUNK_LENGTH_MAX = 64 * 1024

/** After a descriptor said "not now" (EAGAIN). */
const RETRY_MS = 50

export interface LogSink {
  /** An exit waits for a write under way. */
  readonly holdsUpExit: boolean
  /** Calls back once, later, with how many bytes were written before it failed. */
  write(chunk: Buffer, done: (error: Error | null, byteCount: number) => void): void
}

interface LogOutputDeps {
  readonly sink: LogSink
  /** So many lines were dropped, and lines can be written again. */
  readonly onRecovered: (droppedLines: number) => void
  /** Runs it soon. */
  readonly defer?: (task: () => void) => void
}

/** A destination of pino. */
export class LogOutput {
  readonly #deps: LogOutputDeps
  #lines: string[] = []
  #queuedLength = 0
  #isWriting = false
  #droppedLines = 0
  /** A line was cut off by a failure: the next one begins on a line of its own. */
  #isTorn = false
  #onIdle: () => void = () => {}

  constructor(deps: LogOutputDeps) {
    this.#deps = deps
  }

  /** A write under way keeps the process from exiting for as long as it takes. */
  get holdsUpExit(): boolean {
    return this.#isWriting && this.#deps.sink.holdsUpExit
  }

  /** Takes a line with its line break, or drops it. Never waits, never throws. */
  write(line: string): void {
    if (this.#queuedLength + line.length > QUEUED_LENGTH_MAX) {
      this.#droppedLines += 1
      return
    }
    this.#lines.push(line)
    this.#queuedLength += line.length
    if (this.#isWriting) return
    this.#isWriting = true
    const { defer = (task) => setTimeout(task, GATHER_MS) } = this.#deps
    defer(() => this.#writeNext())
  }

  /** Resolves when nothing waits any more, or after `timeoutMs`. */
  async flush(timeoutMs: number): Promise<void> {
    if (!this.#isWriting) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, timeoutMs)
    this.#onIdle = resolve
    await promise
    clearTimeout(timer)
  }

  #writeNext(): void {
    const lines = this.#takeChunk()
    const chunk = Buffer.from((this.#isTorn ? '\n' : '') + lines.join(''))
    this.#deps.sink.write(chunk, (error, byteCount) => {
      if (error === null) this.#isTorn = false
      else {
        this.#droppedLines += lines.length
        this.#isTorn ||= byteCount > 0
      }
      if (this.#lines.length > 0) return this.#writeNext()
      this.#isWriting = false
      if (error === null && this.#droppedLines > 0) this.#tellDropped()
      if (!this.#isWriting) this.#onIdle()
    })
  }

  #takeChunk(): readonly string[] {
    let length = 0
    const end = this.#lines.findIndex((line, index) => {
      length += line.length
      return index > 0 && length > CHUNK_LENGTH_MAX
    })
    const lines = this.#lines.splice(0, end < 0 ? this.#lines.length : end)
    for (const line of lines) this.#queuedLength -= line.length
    return lines
  }

  #tellDropped(): void {
    const droppedLines = this.#droppedLines
    this.#droppedLines = 0
    this.#deps.onRecovered(droppedLines)
  }
}

const STDOUT = 1

/** Standard output, whatever it is. */
export function openStandardOutput(): LogSink {
  const stats = fstatSync(STDOUT)
  return stats.isFIFO() || stats.isSocket() ? pipeSink() : descriptorSink(STDOUT)
}

/** Node has made it non-blocking, and never closes it: another file would get its number. */
function pipeSink(): LogSink {
  const { stdout } = process
  // Each write hears of its own failure.
  stdout.on('error', () => {})
  return {
    holdsUpExit: false,
    write(chunk, done) {
      stdout.write(chunk, (error) => done(error ?? null, 0))
    },
  }
}

/** In Node's threads, because a write to a file or a terminal may block. */
function descriptorSink(fd: number): LogSink {
  return {
    holdsUpExit: true,
    write(chunk, done) {
      const writeFrom = (offset: number): void => {
        writeToFile(fd, chunk, offset, (error, byteCount) => {
          if (error?.code === 'EAGAIN') setTimeout(writeFrom, RETRY_MS, offset)
          else if (error !== null) done(error, offset)
          else if (offset + byteCount < chunk.byteLength) writeFrom(offset + byteCount)
          else done(null, chunk.byteLength)
        })
      }
      writeFrom(0)
    },
  }
}
