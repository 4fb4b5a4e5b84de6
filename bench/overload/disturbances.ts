import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { TestBroker } from '../../test/support/kafka-broker.ts'
import type { Target } from './servers.ts'

/** What goes on beside the load until it is disposed of. */

const BROKER_STOPPED_MS = 200
const BROKER_GOING_MS = 200

/** Stops the broker's process and lets it go on, in turns. */
export function stopAndGo(broker: TestBroker): AsyncDisposable {
  const ended = new AbortController()
  const { signal } = ended
  async function takeTurns(): Promise<void> {
    try {
      for (;;) {
        broker.pause()
        await sleep(BROKER_STOPPED_MS, undefined, { signal })
        broker.resume()
        await sleep(BROKER_GOING_MS, undefined, { signal })
      }
    } catch {
      // It is over.
    } finally {
      broker.resume()
    }
  }
  const turns = takeTurns()
  return {
    async [Symbol.asyncDispose]() {
      ended.abort()
      await turns
    },
  }
}

const FOLLOWING_MS_MAX = 30_000
/** Beyond the time after which the readers give up themselves. */
const END_MS_MAX = 270_000

/** Readers of the stream, all of which follow; `onEnd` gets their own account, or that they have none. */
export async function readStream(
  { port }: Target,
  readers: number,
  onEnd: (account: string) => void,
): Promise<AsyncDisposable> {
  const script = fileURLToPath(new URL('../stream-readers.ts', import.meta.url))
  const url = `http://127.0.0.1:${port}/api/events/stream`
  const child = spawn(process.execPath, [script, url, String(readers)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaint ||= chunk.toString()
  })
  // It may have ended before it is told to.
  child.stdin.on('error', () => {})
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const nextLine = async (mostMs: number): Promise<string | undefined> => {
    const read = await Promise.race([lines.next(), sleep(mostMs, undefined, { ref: false })])
    return read?.value
  }
  if ((await nextLine(FOLLOWING_MS_MAX)) === undefined) {
    child.kill('SIGKILL')
    throw new Error(`the readers of the stream do not follow it: ${complaint}`)
  }
  return {
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      const account = await nextLine(END_MS_MAX)
      child.kill('SIGKILL')
      await exited
      onEnd(account ?? `the readers did not come to the end of the stream: ${complaint}`)
    },
  }
}
