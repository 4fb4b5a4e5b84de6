import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePort } from '../../../dev-services/ports.ts'
import type { ServiceOptions } from '../../support/service-process.ts'
import { until } from '../../support/until.ts'
import { check, type Violation } from './checker.ts'
import { HttpClient } from './http-client.ts'
import { Instance } from './instance.ts'
import { Journal, nowMs, type JournalEntry } from './journal.ts'
import { countReplies, slowestAnswerMs } from './measures.ts'
import { observe, type Observations } from './observations.ts'
import { startOrderLoad, type LoadOptions, type OrderLoad } from './order-load.ts'
import type { Report } from './report.ts'
import type { ScenarioContext } from './scenario.ts'
import { createPostgresReader } from './postgres-reader.ts'
import { createSqliteReader, type StoreReader } from './store-reader.ts'
import { tellStory } from './story.ts'

/** So many confirmations mean that the load runs well: before a fault, and again after it. */
const CONFIRMED_TO_GO_ON = 200

/** After a fault; the lease of an instance that died, and five seconds. */
export const SETTLED_WITHIN_MS = 15_000

/** PUBLISH_TIMEOUT_MS, and a quarter of a second. */
const ANSWERED_WITHIN_MS = 5_250

/** How long a run waits for what is overdue, to tell late from never. */
const SETTLED_MS_MAX = 60_000

export interface CartOptions {
  /** Straight to the brokers by default. */
  readonly via?: 'direct' | 'proxy'
  readonly settings?: Readonly<Record<string, string>>
  /** Of one instance, by its number; they win. */
  readonly settingsOf?: (instance: number) => Readonly<Record<string, string>>
  readonly instances?: number
  readonly load?: Omit<LoadOptions, 'urls' | 'random'>
  readonly service?: ServiceOptions
  /** Where the store's file lies; a temporary folder by default. */
  readonly folder?: string
  /** A database that several instances can share, in place of a file. */
  readonly postgresUrl?: string
  /** Otherwise it is started by the scenario. */
  readonly isStarted?: boolean
}

export type CartReport = Report & { readonly observations: Observations }

/** Event ids of what was pending, and when that was. */
export interface Doubts {
  readonly sinceMs: number
  readonly eventIds: readonly string[]
}

/** The whole service as processes, on a topic and a store of its own, under load. */
export class Cart implements AsyncDisposable {
  readonly journal: Journal
  readonly instances: readonly Instance[]
  readonly store: StoreReader
  readonly topic: string
  readonly notes: string[] = []
  readonly #context: ScenarioContext
  readonly #options: CartOptions
  readonly #resources: AsyncDisposableStack
  readonly #late: string[] = []
  readonly #misbehaved: Violation[] = []
  #load: OrderLoad | undefined
  #settledAfterMs = 0

  private constructor(
    context: ScenarioContext,
    options: CartOptions,
    parts: {
      journal: Journal
      instances: readonly Instance[]
      store: StoreReader
      topic: string
      resources: AsyncDisposableStack
    },
  ) {
    this.#context = context
    this.#options = options
    this.journal = parts.journal
    this.instances = parts.instances
    this.store = parts.store
    this.topic = parts.topic
    this.#resources = parts.resources
  }

  /** Started and under load, unless the scenario starts it. */
  static async start(context: ScenarioContext, options: CartOptions = {}): Promise<Cart> {
    await using resources = new AsyncDisposableStack()
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'cart-service-faults-')))
    if (options.folder === undefined) {
      resources.defer(() => rm(folder, { recursive: true, force: true }))
    }
    const { url: databaseUrl, store } = openStore(folder, options.postgresUrl)
    const topic = `orders-${randomUUID()}`
    const { cluster, registryUrl } = context
    const journal = new Journal()
    const instances: Instance[] = []
    for (let number = 0; number < (options.instances ?? 1); number += 1) {
      const settings = {
        API_PORT: String(await findFreePort()),
        KAFKA_BOOTSTRAP_SERVERS:
          options.via === 'proxy' ? cluster.proxiedServers : cluster.directServers,
        ...cluster.access,
        SCHEMA_REGISTRY_URL: registryUrl,
        KAFKA_TOPIC: topic,
        DATABASE_URL: databaseUrl,
        LOG_LEVEL: 'warn',
        // Half of the time of a start is compiling the same files.
        NODE_COMPILE_CACHE: join(tmpdir(), 'cart-service-compile-cache'),
        ...options.settings,
        ...options.settingsOf?.(number),
      }
      const instance = new Instance(number, settings, journal)
      resources.defer(() => instance.close())
      instances.push(instance)
    }
    const parts = { journal, instances, store, topic, resources: resources.move() }
    const cart = new Cart(context, options, parts)
    if (options.isStarted === false) return cart
    try {
      await Promise.all(instances.map((instance) => instance.start({}, options.service)))
      cart.startLoad()
      await cart.runWell()
    } catch (error) {
      await cart[Symbol.asyncDispose]()
      throw error
    }
    return cart
  }

  /** The only instance, or the first. */
  get service(): Instance {
    const first = this.instances[0]
    if (first === undefined) throw new Error('no instance')
    return first
  }

  startLoad(options: Omit<LoadOptions, 'urls' | 'random'> | undefined = this.#options.load): void {
    const urls = this.instances.map(({ url }) => url)
    const { random } = this.#context
    this.#load = startOrderLoad({ pauseMs: 20, ...options, urls, random }, this.journal)
  }

  /** One request beside the load, sent once. */
  async ask(
    request: Pick<JournalEntry, 'orderId' | 'kind' | 'asked'>,
    instance = this.service,
  ): Promise<JournalEntry> {
    const client = new HttpClient()
    const entry = this.journal.begin({ ...request, key: undefined, instance: instance.number })
    this.journal.end(entry, await client.send(instance.url, entry))
    client.close()
    return entry
  }

  /** These came true, and not in the time that a scenario allows. */
  noteLate(text: string): void {
    this.#late.push(text)
  }

  /** Resolves when so many more changes are confirmed. */
  async runWell(confirmed = CONFIRMED_TO_GO_ON): Promise<void> {
    const enough = this.journal.confirmedCount + confirmed
    await until(
      () => this.journal.confirmedCount >= enough,
      () => `${confirmed} more changes are confirmed; the service wrote:\n${this.service.output()}`,
    )
  }

  async untilPending(): Promise<void> {
    await until(async () => (await this.store.pendingIds()).length > 0, 'events are pending')
  }

  /** Order ids of what is pending now. */
  async ordersPending(): Promise<ReadonlySet<string>> {
    const orderIds = new Set<string>()
    for await (const { orderId, offset } of this.store.events()) {
      if (offset === null) orderIds.add(orderId)
    }
    return orderIds
  }

  /** To be called when a fault ends: what is pending then. */
  async doubts(): Promise<Doubts> {
    return { sinceMs: nowMs(), eventIds: await this.store.pendingIds() }
  }

  /**
   * Waits until all that was pending when the fault ended is settled, and takes the time. `withinMs`:
   * where more faults follow before that.
   */
  async untilSettled(doubts?: Doubts, withinMs = SETTLED_WITHIN_MS): Promise<void> {
    const { sinceMs, eventIds } = doubts ?? (await this.doubts())
    const left = async (): Promise<readonly string[]> => {
      const pending = new Set(await this.store.pendingIds())
      return eventIds.filter((eventId) => pending.has(eventId))
    }
    await until(
      async () => (await left()).length === 0,
      () => `${eventIds.length} doubts are settled; the service wrote:\n${this.service.output()}`,
      SETTLED_MS_MAX,
    ).catch(async (error: Error) => {
      const [eventId] = await left()
      throw new Error(`${error.message}\n${await this.#storyOf(eventId)}`, { cause: error })
    })
    const tookMs = nowMs() - sinceMs
    this.#settledAfterMs = Math.max(this.#settledAfterMs, tookMs)
    if (tookMs > withinMs) {
      this.#late.push(`doubts were settled ${(tookMs / 1_000).toFixed(1)} s after the fault`)
    }
  }

  /**
   * Ends the load, waits until nothing is pending, stops the service, and compares all that was seen.
   * `mayAnswerLate`: a service that was paused itself cannot answer in time.
   */
  async finish({ mayAnswerLate = false } = {}): Promise<CartReport> {
    await this.stopLoad()
    await until(
      async () => (await this.store.pendingIds()).length === 0,
      'nothing is pending',
      SETTLED_MS_MAX,
    ).catch(() => {
      // The checker finds it, and tells of which order.
    })
    for (const instance of this.instances) await this.#stop(instance)
    const observations = await this.#observe()
    const { violations: found, counts } = check(this.journal, observations)
    const violations = [...found, ...this.#misbehaved]
    const [first] = violations
    const slowestMs = slowestAnswerMs(this.journal)
    if (slowestMs > ANSWERED_WITHIN_MS && !mayAnswerLate) {
      this.#late.push(`the slowest answer took ${(slowestMs / 1_000).toFixed(2)} s`)
    }
    return {
      replies: countReplies(this.journal),
      counts,
      violations,
      story: first && tellStory(first, this.journal, observations),
      settledAfterMs: this.#settledAfterMs,
      slowestAnswerMs: slowestMs,
      late: this.#late,
      notes: this.notes,
      observations,
    }
  }

  /** Resolves when every request has its answer. */
  async stopLoad(): Promise<void> {
    await this.#load?.stop()
    this.#load = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const instance of this.instances) await instance.close()
    await this.stopLoad()
    await this.#resources.disposeAsync()
  }

  async #storyOf(eventId: string | undefined): Promise<string> {
    const observations = await this.#observe()
    const stored = observations.storedEvents.find((event) => event.eventId === eventId)
    const violation = { orderId: stored?.orderId ?? '', text: 'is not settled' }
    return tellStory({ invariant: 'I9', ...violation }, this.journal, observations)
  }

  #observe(): Promise<Observations> {
    return observe(this.#context.cluster.bootstrapServers, this.topic, this.store)
  }

  async #stop(instance: Instance): Promise<void> {
    const { code, signal } = await instance.stop()
    if (code === 0) return
    const text = `service ${instance.number} ended with ${code ?? signal}: ${instance.output()}`
    this.#misbehaved.push({ invariant: 'I10', orderId: '', text })
  }
}

function openStore(
  folder: string,
  postgresUrl: string | undefined,
): { readonly url: string; readonly store: StoreReader } {
  if (postgresUrl !== undefined)
    return { url: postgresUrl, store: createPostgresReader(postgresUrl) }
  const path = join(folder, 'cart.db')
  return { url: `sqlite:${path}`, store: createSqliteReader(path) }
}
