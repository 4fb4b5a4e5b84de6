import { Socket } from 'node:net'
import { Client, types } from 'pg'

import type { StoreError } from '../../../business/ports.ts'
import { readSecret } from '../../credentials/secret.ts'
import { isSignInRefused, type Phase, translatePostgresError } from './postgres-errors.ts'
import { guardMessages } from './bounded-messages.ts'
import { beginSession, endSession, type Session } from './session.ts'
import { pinSettings } from './session-settings.ts'
import { splitTls } from './tls-options.ts'

/** After a failed attempt to connect, calls are refused for so long without another attempt. */
const RECONNECT_INTERVAL_MS = 200

/** Doubled up to this while the user or the password is refused: directories lock users out. */
const SIGN_IN_INTERVAL_MS_MAX = 5_000

export interface Statement {
  /** Prepared once per connection under this name. */
  readonly name?: string
  readonly text: string
}

/** Runs one statement. Rejects with a StoreError, or with what our mistake made the server answer. */
export type Query = <Row>(
  statement: Statement,
  values?: readonly unknown[],
) => Promise<readonly Row[]>

export interface ConnectionOptions {
  /** With the password, or without it where there is a file. */
  readonly url: string
  /** Read at each connection, so that it may be replaced. */
  readonly passwordFile?: string | undefined
  /** In place of a password; asked for where the server asks for one. */
  readonly signPassword?: (() => Promise<string>) | undefined
  /** What `signPassword` gave last was refused. */
  readonly noteRefused?: (() => void) | undefined
  /** How people find the database; without the password. */
  readonly database: string
  /** Whether a server is refused that loses commits when its machine fails. */
  readonly mustBeDurable: boolean
  readonly timeouts: Timeouts
  /** For statements that are prepared: see {@link pinSettings}. */
  readonly keepsPlans?: boolean
  /** Throws a StoreError while the server of a session may not be used. */
  readonly admitServer?: (session: Session) => void
}

/** For what reads or changes a database beside the services that use it. */
export type DatabaseAddress = Pick<
  ConnectionOptions,
  'url' | 'passwordFile' | 'signPassword' | 'database'
>

export interface Timeouts {
  readonly connectMs: number
  /** The server ends a statement after this: a definite "no". */
  readonly statementMs: number
  /** The connection is given up when there is no answer for so long; longer than `statementMs`. */
  readonly answerMs: number
}

/** A client and the socket under it, which ends it without asking the server. */
interface Link {
  readonly client: Client
  readonly socket: Socket
}

/**
 * One connection, made anew when it is lost; one call at a time. Whenever something failed it is
 * given up, so that no call ever meets a session in an unknown state.
 */
export class Connection {
  readonly #options: ConnectionOptions
  #link: (Link & { readonly session: Session }) | undefined
  /** Its last statement may still be at work: nothing is done before it has ended. */
  #abandoned: Session | undefined
  #refusal: { readonly error: StoreError; readonly untilMs: number } | undefined
  #intervalMs = RECONNECT_INTERVAL_MS

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  /** The statement is a transaction of its own. */
  readonly query: Query = async (statement, values) => {
    const link = await this.#connect()
    return this.#ask(link, 'committing', statement, values)
  }

  /** All that `work` asks is one transaction, committed when it resolves. */
  async transaction<Value>(work: (query: Query) => Promise<Value>): Promise<Value> {
    const link = await this.#connect()
    try {
      await this.#ask(link, 'working', { text: 'BEGIN' })
      const value = await work((statement, values) => this.#ask(link, 'working', statement, values))
      await this.#ask(link, 'committing', { text: 'COMMIT' })
      return value
    } catch (error) {
      // The server rolls back what a closed connection leaves open.
      this.#giveUp(link)
      throw error
    }
  }

  async close(): Promise<void> {
    const link = this.#link
    this.#link = undefined
    if (link === undefined) return
    const timer = setTimeout(() => link.socket.destroy(), this.#options.timeouts.answerMs)
    await link.client.end()
    clearTimeout(timer)
  }

  async #ask<Row>(
    link: Link,
    phase: Phase,
    { name, text }: Statement,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> {
    try {
      const query = { text, values: [...values], ...(name === undefined ? {} : { name }) }
      const { rows } = await link.client.query(query)
      return rows as readonly Row[]
    } catch (error) {
      this.#giveUp(link)
      throw translatePostgresError(this.#options.database, error, phase) ?? error
    }
  }

  async #connect(): Promise<Link> {
    if (this.#link !== undefined) return this.#link
    if (this.#refusal !== undefined && performance.now() < this.#refusal.untilMs) {
      throw this.#refusal.error
    }
    try {
      return await this.#open()
    } catch (error) {
      const failure = translatePostgresError(this.#options.database, error, 'connecting')
      if (failure === undefined) throw error
      this.#refusal = { error: failure, untilMs: performance.now() + this.#intervalAfter(failure) }
      throw failure
    }
  }

  #intervalAfter(failure: StoreError): number {
    if (!isSignInRefused(failure)) return (this.#intervalMs = RECONNECT_INTERVAL_MS)
    this.#options.noteRefused?.()
    const intervalMs = this.#intervalMs
    this.#intervalMs = Math.min(2 * intervalMs, SIGN_IN_INTERVAL_MS_MAX)
    return intervalMs
  }

  async #open(): Promise<Link> {
    const link = createLink(this.#options)
    const { client, socket } = link
    client.on('error', () => this.#giveUp(link))
    try {
      await client.connect()
      const session = await beginSession(client, {
        ...this.#options,
        statementMs: this.#options.timeouts.statementMs,
      })
      this.#options.admitServer?.(session)
      if (this.#abandoned !== undefined) await endSession(client, this.#abandoned)
      this.#abandoned = undefined
      this.#link = { ...link, session }
      this.#intervalMs = RECONNECT_INTERVAL_MS
      return this.#link
    } catch (error) {
      socket.destroy()
      throw error
    }
  }

  /** Without waiting for a statement that has no answer. */
  #giveUp({ socket }: Link): void {
    socket.destroy()
    if (this.#link?.socket !== socket) return
    this.#abandoned = this.#link.session
    this.#link = undefined
  }
}

/** Not connected yet. Throws with a sentence where a file of the address cannot be read. */
export function createLink({
  url,
  passwordFile,
  signPassword,
  timeouts,
  keepsPlans = false,
}: Pick<
  ConnectionOptions,
  'url' | 'passwordFile' | 'signPassword' | 'timeouts' | 'keepsPlans'
>): Link {
  const socket = new Socket()
  const address = splitTls(url)
  const password =
    passwordFile === undefined ? signPassword : readSecret({ kind: 'file', path: passwordFile })
  const client = new Client({
    connectionString: pinSettings(address.url, keepsPlans),
    ssl: address.ssl,
    stream: () => socket,
    connectionTimeoutMillis: timeouts.connectMs,
    query_timeout: timeouts.answerMs,
    statement_timeout: timeouts.statementMs,
    idle_in_transaction_session_timeout: timeouts.answerMs,
    keepAlive: true,
    fallback_application_name: 'cart-service',
    types: { getTypeParser },
  })
  // The driver takes a function here, too, but none of them beside an address, which it prefers: also what
  // that does not say. Nor can an address without a host have a password.
  if (password !== undefined) Object.assign(client, { password })
  guardMessages(client, socket)
  return { client, socket }
}

type Parser = (text: string) => unknown

/** Numbers are safe integers by our own checks; bytes and JSON come as the port has them. */
const PARSERS: ReadonlyMap<number, Parser> = new Map<number, Parser>([
  [types.builtins.INT8, Number],
  [types.builtins.JSON, String],
  [types.builtins.BYTEA, fromHex],
])

function getTypeParser(id: number): Parser {
  return PARSERS.get(id) ?? (types.getTypeParser(id) as Parser)
}

function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice('\\x'.length), 'hex'))
}
