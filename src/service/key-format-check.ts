import type { Clock } from '../business/ports.ts'
import type { KafkaCluster } from './kafka/cluster.ts'
import { findFramedKey } from './kafka/framed-keys.ts'
import type { RegistryClient } from './schema-registry/client.ts'
import { keySubject } from './schema-registry/event-encoder.ts'

/** While Kafka or the registry does not answer. */
const RETRY_DELAY_MS = 5_000
const TRIES_MAX = 60

/**
 * What shows that others use keys in the wire format, such as the service that this one replaces:
 * a clause for a sentence; undefined where nothing does. Rejects while it cannot be asked.
 */
export type FramedKeyQuestion = (signal: AbortSignal) => Promise<string | undefined>

export function askForKeySubject(
  client: Pick<RegistryClient, 'listVersions'>,
  topic: string,
): FramedKeyQuestion {
  return async () => {
    const subject = keySubject(topic)
    const versions = await client.listVersions(subject)
    return versions.length === 0 ? undefined : `subject ${subject} is registered`
  }
}

export function askForFramedKeys(cluster: KafkaCluster): FramedKeyQuestion {
  return async (signal) => {
    const found = await findFramedKey(cluster, signal)
    return found && `record ${found.partition}@${found.offset} on the topic has a framed key`
  }
}

export interface KeyFormatCheckDeps {
  readonly questions: readonly FramedKeyQuestion[]
  readonly clock: Pick<Clock, 'sleep'>
  /** At most once. */
  readonly onFound: (evidence: string) => void
  /** A question was asked until the end of its tries, and never answered. */
  readonly onGivenUp: (reason: string) => void
  /** Ends questions under way. */
  readonly onClose?: () => void
}

/**
 * Asks once at start, beside everything else, whether others use framed keys while this service does
 * not: a consumer that expects them skips every record of ours, and looks healthy.
 */
export class KeyFormatCheck {
  readonly #deps: KeyFormatCheckDeps
  readonly #ended = new AbortController()
  #asking: Promise<unknown> | undefined

  constructor(deps: KeyFormatCheckDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#asking ??= Promise.all(this.#deps.questions.map((question) => this.#ask(question)))
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#ended.abort()
    this.#deps.onClose?.()
    await this.#asking
  }

  async #ask(question: FramedKeyQuestion): Promise<void> {
    const { signal } = this.#ended
    let reason = ''
    for (let tries = 0; tries < TRIES_MAX && !signal.aborted; tries += 1) {
      try {
        this.#conclude(await question(signal))
        return
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error)
        await this.#deps.clock.sleep(RETRY_DELAY_MS, signal)
      }
    }
    if (!signal.aborted) this.#deps.onGivenUp(reason)
  }

  #conclude(evidence: string | undefined): void {
    if (evidence === undefined || this.#ended.signal.aborted) return
    this.#ended.abort()
    this.#deps.onFound(evidence)
  }
}
