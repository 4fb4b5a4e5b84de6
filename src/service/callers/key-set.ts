import { createLocalJWKSet, errors, type JWTVerifyGetKey, type LocalJWKSet } from 'jose'
import type { Clock } from '../../business/ports.ts'
import { readBounded } from '../bounded-answer.ts'

/** How often the keys are read again, so that one that the provider has withdrawn is not taken for long. */
const READ_EVERY_MS = 300_000

/** Between two readings because of keys that are not known: whoever sends such tokens causes no more. */
const UNKNOWN_KEY_EVERY_MS = 10_000

/** While the provider does not answer, its last keys are taken for so long. */
const KEYS_AGE_MS_MAX = 24 * 3_600_000

const READ_TIMEOUT_MS = 5_000

/** Between two tries while the provider fails: it doubles from the first to the second. */
const RETRY_MS_MIN = 1_000
const RETRY_MS_MAX = 30_000

/** A key takes about a thousand bytes, its certificates some more. */
const ANSWER_BYTES_MAX = 1_000_000

/** Nobody can say now whether a signature is good. */
export class KeysUnavailable extends Error {
  constructor(reason: string, cause?: unknown) {
    super(reason, { cause })
    this.name = 'KeysUnavailable'
  }
}

export interface KeySetTrouble {
  readonly reason: string
  readonly hasKeys: boolean
}

export interface KeySetDeps {
  readonly url: string
  readonly clock: Clock
  /** After each reading: why it failed, and whether earlier keys are still taken; undefined: it did not. */
  readonly onState: (trouble: KeySetTrouble | undefined) => void
}

/**
 * The public keys of an identity provider. They are read at the start, then every few minutes, and when a
 * token names a key that is not among them, as after the provider has changed its keys.
 */
export class KeySet {
  readonly #deps: KeySetDeps
  readonly #closing = new AbortController()
  #keys: LocalJWKSet | undefined
  #readAtMs = 0
  #retryAtMs = 0
  #retryMs = RETRY_MS_MIN
  #trouble: string | undefined = 'has not answered yet'
  #reading: Promise<void> | undefined
  #cancel: (() => void) | undefined

  constructor(deps: KeySetDeps) {
    this.#deps = deps
  }

  /** Does not wait: the service starts without its provider, and answers 503 until the keys are here. */
  start(): void {
    const signal = this.#closing.signal
    if (signal.aborted) return
    void this.#read()
      .catch(() => undefined)
      .finally(() => {
        const delayMs = this.#trouble === undefined ? READ_EVERY_MS : this.#retryMs
        if (!signal.aborted) this.#cancel = this.#deps.clock.schedule(delayMs, () => this.start())
      })
  }

  close(): void {
    this.#closing.abort()
    this.#cancel?.()
  }

  /** For `jwtVerify`. Rejects with {@link KeysUnavailable}, or as jose does where there is no such key. */
  readonly findKey: JWTVerifyGetKey = async (header, token) => {
    if (!this.#hasKeys()) await this.#read()
    try {
      return await this.#known()(header, token)
    } catch (error) {
      const isNew = this.#deps.clock.monotonicMs() - this.#readAtMs < UNKNOWN_KEY_EVERY_MS
      if (!(error instanceof errors.JWKSNoMatchingKey) || isNew) throw error
      await this.#read()
      return this.#known()(header, token)
    }
  }

  #hasKeys(): boolean {
    const ageMs = this.#deps.clock.monotonicMs() - this.#readAtMs
    return this.#keys !== undefined && ageMs <= KEYS_AGE_MS_MAX
  }

  #known(): LocalJWKSet {
    if (this.#keys === undefined) throw new KeysUnavailable('the keys were not read')
    return this.#keys
  }

  /** One reading at a time, for all that wait for it. */
  #read(): Promise<void> {
    if (this.#reading !== undefined) return this.#reading
    if (this.#trouble !== undefined && this.#deps.clock.monotonicMs() < this.#retryAtMs) {
      return Promise.reject(new KeysUnavailable(this.#trouble))
    }
    this.#reading = this.#readOnce().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #readOnce(): Promise<void> {
    const { url, clock, onState } = this.#deps
    try {
      this.#keys = createLocalJWKSet(JSON.parse(await readAnswer(url, this.#closing.signal)))
      this.#readAtMs = clock.monotonicMs()
      this.#retryMs = RETRY_MS_MIN
      this.#trouble = undefined
      onState(undefined)
    } catch (error) {
      const trouble = reasonOf(error)
      this.#retryAtMs = clock.monotonicMs() + this.#retryMs
      this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MS_MAX)
      this.#trouble = trouble
      onState({ reason: trouble, hasKeys: this.#hasKeys() })
      throw new KeysUnavailable(trouble, error)
    }
  }
}

async function readAnswer(url: string, closing: AbortSignal): Promise<string> {
  const signal = AbortSignal.any([closing, AbortSignal.timeout(READ_TIMEOUT_MS)])
  const headers = { accept: 'application/jwk-set+json, application/json' }
  // A redirect may lead where no signature is guarded.
  const response = await fetch(url, { headers, signal, redirect: 'error' })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`it answers ${response.status}`)
  }
  return readBounded(response, ANSWER_BYTES_MAX)
}

/** fetch hides the socket's error one level down. */
function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'its answer is not JSON'
  if (error instanceof errors.JWKSInvalid) return 'its answer is no set of keys'
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${READ_TIMEOUT_MS} ms`
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
}
