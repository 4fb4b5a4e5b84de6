/**
 * Which pending events are this instance's, and for how long.
 *
 *   held ──renewed in time──▶ held, and pending events of owners that are gone are taken over
 *     │ ──not renewed in time──▶ run out: nothing is sent and no change begins; ends with a renewal
 *     │ ──suspected to be lost──▶ run out, and renewed at once
 *     └─ ──another instance took over──▶ lost: what is alive here is forgotten, the lanes are made
 *                                        anew, and only then it joins again, owning nothing
 *
 * - The lease runs out here, by the monotonic clock, before it does in the store. So an instance that
 *   was paused or cut off finds it run out before it sends anything.
 * - For the length of a lease after its start an instance takes over only from owners whose leases ran
 *   out at least a lease ago: where the database was away, the others are alive and renew presently.
 * - An instance whose own lease had run out takes nothing over for the length of a lease: after an
 *   outage of the database all leases have run out, and the first to come back would take over from
 *   all the others, who are alive.
 * - What a partition holds that has not got on for a lease is handed over, if another instance
 *   lives: that one may reach the broker. This one takes over nothing that others left in such a
 *   partition.
 * - A take-over whose outcome is unknown may have made it the owner of events that it has never seen, a
 *   hand-over may have left it without them. It joins anew, and the former owner, which is itself, is
 *   taken over from when its lease runs out.
 * - A renewal that the store fails is repeated soon: so the store has hardly come back when the
 *   instances that live have their leases again.
 */
import { StoreError, type Clock, type OrderStore } from '../ports.ts'
import type { EventHolder } from './publisher-port.ts'
import type { Publications } from './confirm-publication.ts'
import type { Lease } from './lease.ts'

const RENEWALS_PER_LEASE = 5

const FAILED_RENEWAL_RETRY_MS = 250

/** Bounds one statement and one answer of the store: of the largest orders PostgreSQL answers some 200 MB. */
const TAKE_OVER_MAX = 64

export interface OwnershipDeps {
  readonly store: Pick<
    OrderStore,
    'instanceId' | 'renewLease' | 'takeOverPending' | 'handOver' | 'join'
  >
  readonly holder: EventHolder
  readonly publications: Pick<Publications, 'count' | 'recover' | 'abandon' | 'letGo'>
  readonly lease: Lease
  readonly leaseMs: number
  readonly clock: Clock
  /** For the log: another instance took over from this one. */
  readonly onLost: () => void
  /** For the log: so many events of other instances are now this one's. */
  readonly onTakenOver: (eventCount: number) => void
  /** For the log: so many events of this partition are left to other instances. */
  readonly onHandedOver: (partition: number, eventCount: number) => void
}

/** Who this instance is and what it owns, for an operator. */
export interface InstanceState {
  readonly instanceId: string
  readonly isLeaseHeld: boolean
  /** Changes that are alive here: reserved, and not yet settled or discarded. */
  readonly pendingEventCount: number
}

export class Ownership {
  readonly #deps: OwnershipDeps
  #isClosing = false
  #wake = new AbortController()
  #running: Promise<void> | undefined
  #isJoined = true
  #takesOverFromMs = -Infinity
  #startedAtMs = -Infinity

  constructor(deps: OwnershipDeps) {
    this.#deps = deps
  }

  /**
   * Renews once and takes over what is there to be taken, then goes on in the background. After it
   * no change of these orders can begin unnoticed. Rejects with a StoreError when the store fails.
   */
  async start(): Promise<void> {
    this.#startedAtMs = this.#deps.clock.monotonicMs()
    await this.#turn()
    this.#running = this.#run()
  }

  state(): InstanceState {
    const { store, publications, lease } = this.#deps
    return {
      instanceId: store.instanceId,
      isLeaseHeld: lease.isHeld,
      pendingEventCount: publications.count,
    }
  }

  /**
   * The broker says that another instance sends what this one owns. Nothing is sent any more until the
   * store has told whether it was taken over from; it is asked at once.
   */
  suspectTakeOver(): void {
    this.#deps.lease.revoke()
    this.#wake.abort()
  }

  /**
   * The store may lack what this instance has reserved, because another one answers for it now. Nothing
   * of that is sent any more when this resolves; it joins again, as an instance that owns nothing.
   */
  async startAnew(): Promise<void> {
    this.#wake.abort()
    await this.#forget()
  }

  /** The lease is left as it is. Idempotent. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#wake.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock, leaseMs } = this.#deps
    let delayMs = leaseMs / RENEWALS_PER_LEASE
    while (!this.#isClosing) {
      await clock.sleep(delayMs, this.#wake.signal)
      if (this.#isClosing) return
      this.#wake = new AbortController()
      try {
        await this.#turn()
        delayMs = leaseMs / RENEWALS_PER_LEASE
      } catch (error) {
        // The store reports its own health; the lease runs out by itself.
        if (!(error instanceof StoreError)) throw error
        delayMs = Math.min(FAILED_RENEWAL_RETRY_MS, leaseMs / RENEWALS_PER_LEASE)
      }
    }
  }

  async #turn(): Promise<void> {
    if (!this.#isJoined) return this.#join()
    const { store, lease, clock, leaseMs } = this.#deps
    const isBack = lease.hasRunOut && this.#running !== undefined
    const { signal: suspicion } = this.#wake
    const askedAtMs = clock.monotonicMs()
    if (!(await store.renewLease())) {
      this.#deps.onLost()
      await this.#forget()
      return this.#join()
    }
    // The answer does not settle what came up after the question.
    if (suspicion.aborted) return
    lease.extend(askedAtMs)
    if (isBack) this.#takesOverFromMs = clock.monotonicMs() + leaseMs
    const stuck = this.#deps.holder.stuckPartitions(leaseMs)
    // Together: closing a lane may wait for its connection, and the lease has to be renewed.
    const handOvers = await Promise.allSettled(stuck.map((partition) => this.#handOver(partition)))
    for (const handOver of handOvers) if (handOver.status === 'rejected') throw handOver.reason
    if (clock.monotonicMs() >= this.#takesOverFromMs) await this.#takeOver(stuck)
  }

  async #handOver(partition: number): Promise<void> {
    const { store, holder, publications } = this.#deps
    const held = holder.hold(partition)
    try {
      if (held.length === 0 || (await this.#orForget(store.handOver(held))) === 'kept') return
      publications.letGo(held)
      await holder.letGo(partition, held)
      this.#deps.onHandedOver(partition, held.length)
    } finally {
      holder.resume(partition)
    }
  }

  /** First nothing is sent any more, then nothing is handed over to be sent, then it is forgotten. */
  async #forget(): Promise<void> {
    const { holder, publications, lease } = this.#deps
    this.#isJoined = false
    lease.revoke()
    publications.abandon()
    await holder.abandon()
  }

  async #join(): Promise<void> {
    const { store, lease, clock, leaseMs } = this.#deps
    const askedAtMs = clock.monotonicMs()
    await store.join()
    this.#isJoined = true
    lease.extend(askedAtMs)
    this.#takesOverFromMs = clock.monotonicMs() + leaseMs
  }

  async #takeOver(exceptPartitions: readonly number[]): Promise<void> {
    const { store, publications, clock, leaseMs } = this.#deps
    const isNew = clock.monotonicMs() < this.#startedAtMs + leaseMs
    const choice = { expiredForMs: isNew ? leaseMs : 0, exceptPartitions }
    let taken
    do {
      taken = await this.#orForget(store.takeOverPending(TAKE_OVER_MAX, choice))
      for (const pending of taken) publications.recover(pending)
      if (taken.length > 0) this.#deps.onTakenOver(taken.length)
    } while (taken.length === TAKE_OVER_MAX)
  }

  /** Not knowing what it owns, it must not continue as the one that it was. */
  async #orForget<Result>(change: Promise<Result>): Promise<Result> {
    try {
      return await change
    } catch (error) {
      if (error instanceof StoreError && error.isApplied === 'unknown') await this.#forget()
      throw error
    }
  }
}
