/**
 * A connection that outlives its session. A broker ends a session that is as old as its token or
 * `connections.max.reauth.ms`, at the first request after it and without an answer, which for a batch is a
 * doubt. So a new connection is opened before that, and as soon as a certificate or a password has been
 * replaced. From then on requests leave on the new one; the former one is ended when its last answer is
 * there. Those who use the connection learn nothing of it.
 */
import { Connection } from '@platformatic/kafka'

/** Of its lifetime; up to a tenth less, so that many sessions do not begin at once. */
const RENEW_AT = 0.8
const RENEW_JITTER = 0.1

/** Behind this part of its lifetime no request may leave any more. */
const EXPIRED_AT = 0.95

const CHECK_MS = 500

/** Until the next try where a new connection did not come about. */
const RETRY_MS = 1_000

export interface OpenedConnection {
  readonly connection: Connection
  /** Of the files and secrets that it was opened with. */
  readonly revision: string
  readonly openedAtMs: number
  /** Infinity where the broker sets no end. */
  readonly lifetimeMs: number
}

/** A connection in use, and how many of its requests have no answer yet. */
interface Leg extends OpenedConnection {
  readonly renewAtMs: number
  readonly expiredAtMs: number
  inFlight: number
}

export class RenewedConnection extends Connection {
  readonly #open: () => Promise<OpenedConnection>
  readonly #revision: () => string
  readonly #timer: NodeJS.Timeout
  readonly #former = new Set<Leg>()
  #leg: Leg
  #isRenewing = false
  #notBeforeMs = -Infinity
  #isEnded = false

  /** `revision`: of the files and secrets as they are now. */
  constructor(
    first: OpenedConnection,
    open: () => Promise<OpenedConnection>,
    revision: () => string,
  ) {
    super()
    this.#open = open
    this.#revision = revision
    this.#leg = this.#use(first)
    this.#timer = setInterval(() => this.#check(), CHECK_MS)
  }

  override get socket(): Connection['socket'] {
    return this.#leg.connection.socket
  }

  override isConnected(): boolean {
    return !this.#isEnded && this.#leg.connection.isConnected()
  }

  override send<Answer>(...request: Parameters<typeof Connection.prototype.send<Answer>>): void {
    const [apiKey, apiVersion, createPayload, parse, hasRequestTags, hasResponseTags, callback] =
      request
    const leg = this.#leg
    leg.inFlight += 1
    leg.connection.send<Answer>(
      apiKey,
      apiVersion,
      createPayload,
      parse,
      hasRequestTags,
      hasResponseTags,
      (error, answer) => {
        leg.inFlight -= 1
        this.#endIdle(leg)
        callback(error, answer)
      },
    )
  }

  #use(opened: OpenedConnection): Leg {
    const { connection, openedAtMs, lifetimeMs } = opened
    const share = RENEW_AT - Math.random() * RENEW_JITTER
    // A look comes late by up to one period, and a request is on its way for a while.
    const lastMs = lifetimeMs - 2 * CHECK_MS
    const leg = {
      ...opened,
      renewAtMs: openedAtMs + Math.min(lifetimeMs * share, lastMs - CHECK_MS),
      expiredAtMs: openedAtMs + Math.min(lifetimeMs * EXPIRED_AT, lastMs),
      inFlight: 0,
    }
    connection.once('close', () => {
      this.#former.delete(leg)
      if (leg === this.#leg) this.#end()
    })
    return leg
  }

  #check(): void {
    this.#endIdle(this.#leg)
    const nowMs = performance.now()
    const isDue = nowMs >= this.#leg.renewAtMs || this.#revision() !== this.#leg.revision
    if (this.#isEnded || this.#isRenewing || !isDue || nowMs < this.#notBeforeMs) return
    this.#isRenewing = true
    void this.#renew().finally(() => {
      this.#isRenewing = false
    })
  }

  /** Never rejects: what cannot be renewed is used to its end, and opening the next one says why. */
  async #renew(): Promise<void> {
    try {
      const opened = await this.#open()
      const former = this.#leg
      // Its owner may have dropped it a moment ago.
      if (this.#isEnded || former.connection.socket.destroyed) {
        opened.connection.socket.destroy()
        return
      }
      this.#leg = this.#use(opened)
      this.#former.add(former)
      this.#endIdle(former)
    } catch {
      this.#notBeforeMs = performance.now() + RETRY_MS
    }
  }

  /** A former one that has answered all, or the present one where it must not be used any more. */
  #endIdle(leg: Leg): void {
    if (leg.inFlight > 0) return
    if (leg !== this.#leg) leg.connection.socket.destroy()
    else if (performance.now() >= leg.expiredAtMs) this.#end()
  }

  #end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    clearInterval(this.#timer)
    for (const { connection } of [...this.#former, this.#leg]) connection.socket.destroy()
    this.emit('close')
  }
}
