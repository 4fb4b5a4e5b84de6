import type { Buffer } from 'node:buffer'
import { Connection } from './connection.ts'
import type { Answer } from './response-parser.ts'

export interface Exchange {
  /** From the first step of the connection to the last byte of the answer, or until it failed. */
  readonly tookMs: number
  readonly result: Answer | string
}

/** One request on a connection of its own, as a client makes it that was not there before. Never rejects. */
export function exchange(port: number, bytes: Buffer, timeoutMs: number): Promise<Exchange> {
  const fromMs = performance.now()
  const { promise, resolve } = Promise.withResolvers<Exchange>()
  const settle = (result: Answer | string): void => {
    clearTimeout(timer)
    connection.cut()
    resolve({ tookMs: performance.now() - fromMs, result })
  }
  const timer = setTimeout(() => settle('no answer in time'), timeoutMs)
  const connection = new Connection(port, {
    onOpen: () => connection.send(bytes),
    onAnswer: settle,
    onLost: settle,
  })
  return promise
}
