import { randomUUID } from 'node:crypto'
import { readConfig } from '../../config/read-config.ts'
import { callWords, cartCall } from '../cart-call.ts'
import type { Print } from '../command.ts'
import { sendChange, serviceAddress, type Change } from '../send-change.ts'
import { shellWord } from '../shell-word.ts'
import { listenForStop } from '../stop-signal.ts'
import { reportChange } from './report-change.ts'

export interface Request extends Omit<Change, 'idempotencyKey'> {
  /** Undefined where the caller's text names none. */
  readonly orderId: string | undefined
  /** What became of it, as a participle. */
  readonly done: string
  /** The call that makes the same request again, but for its key and its address. */
  readonly call: {
    readonly command: string
    readonly args: readonly string[]
    readonly options: ReadonlyArray<readonly [name: string, value: string]>
    readonly stdin?: string | undefined
  }
}

export interface RequestOptions {
  readonly key?: string | undefined
  readonly url?: string | undefined
  readonly json: boolean
}

/**
 * Sends it under a key, so that the command it prints for another try is safe. Whoever ends it while it
 * waits gets that command, too. Resolves with the exit code.
 */
export async function sendAndReport(
  request: Request,
  { key, url, json }: RequestOptions,
  print: Print,
): Promise<number> {
  const { orderId, done, call, ...change } = request
  const address = serviceAddress(readConfig(), url)
  const idempotencyKey = key ?? randomUUID()
  using stop = listenForStop()
  const result = await sendChange(address, { ...change, idempotencyKey }, stop.signal)
  const again = callAgain(call, idempotencyKey, url)
  return reportChange(result, { orderId, idempotencyKey, again, done, isJson: json }, print)
}

function callAgain(
  { command, args, options, stdin }: Request['call'],
  key: string,
  url: string | undefined,
): string {
  const added = [['key', key] as const, ...(url === undefined ? [] : [['url', url] as const])]
  const again = cartCall(...callWords(command, args, [...options, ...added]))
  return stdin === undefined ? again : `printf %s ${shellWord(stdin)} | ${again}`
}
