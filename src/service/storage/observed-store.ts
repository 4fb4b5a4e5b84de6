import type { DependencyHealth } from '../../business/dependency-health.ts'
import {
  StoreError,
  type Clock,
  type OrderReader,
  type OrderStore,
  type RetryKeyStore,
  type SettleResult,
} from '../../business/ports.ts'

type Store = OrderStore & OrderReader & RetryKeyStore

/** While it is down no traffic may come any more, so somebody has to ask whether it is back. */
const PROBE_EVERY_MS = 1_000

/**
 * Tells health what the calls of the store show, and probes it while it is down. Only what was
 * written shows that it is up: a full disk still reads. Closing it closes the store.
 */
export function observeStore(
  store: Store,
  {
    health,
    clock,
    onSettled = () => {},
  }: { health: DependencyHealth; clock: Clock; onSettled?: () => void },
): Store {
  const closing = new AbortController()
  let probing: Promise<void> | undefined

  async function observe<Value>(
    call: Promise<Value>,
    showsWriting: (value: Value) => boolean,
  ): Promise<Value> {
    try {
      const value = await call
      if (showsWriting(value)) health.reportUp('storage')
      return value
    } catch (error) {
      if (error instanceof StoreError) noteFailure(error)
      throw error
    }
  }

  function noteFailure(error: StoreError): void {
    if (closing.signal.aborted) return
    health.reportDown('storage', error.message)
    probing ??= probeUntilUp().finally(() => {
      probing = undefined
    })
  }

  async function probeUntilUp(): Promise<void> {
    while (health.states().storage.status === 'down') {
      await clock.sleep(PROBE_EVERY_MS, closing.signal)
      if (closing.signal.aborted) return
      await store.probe().then(
        () => health.reportUp('storage'),
        (error: unknown) => {
          if (error instanceof StoreError) health.reportDown('storage', error.message)
          else throw error
        },
      )
    }
  }

  return {
    get instanceId() {
      return store.instanceId
    },
    findOrder: (orderId) => observe(store.findOrder(orderId), wasRead),
    listOrders: (query) => observe(store.listOrders(query), wasRead),
    listEvents: (...args) => observe(store.listEvents(...args), wasRead),
    findEvent: (...args) => observe(store.findEvent(...args), wasRead),
    findKeyedChange: (key) => observe(store.findKeyedChange(key), wasRead),
    forgetKeys: (...args) => observe(store.forgetKeys(...args), (count) => count > 0),
    reserve: (pending) => observe(store.reserve(pending), (result) => result === 'reserved'),
    async settle(pending, position) {
      const result = await observe(store.settle(pending, position), wasSettled)
      if (result === 'settled') onSettled()
      return result
    },
    discard: (pending) => observe(store.discard(pending), (result) => result === 'discarded'),
    renewLease: () => observe(store.renewLease(), wasRead),
    takeOverPending: (...args) =>
      observe(store.takeOverPending(...args), (taken) => taken.length > 0),
    handOver: (pending) => observe(store.handOver(pending), wasRead),
    join: () => observe(store.join(), () => true),
    listPending: (limit) => observe(store.listPending(limit), wasRead),
    probe: () => observe(store.probe(), () => true),
    async close() {
      closing.abort()
      await probing
      await store.close()
    },
  }
}

function wasSettled(result: SettleResult): boolean {
  return result === 'settled'
}

function wasRead(): boolean {
  return false
}
