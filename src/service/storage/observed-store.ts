import type { DependencyHealth } from '../../business/dependency-health.ts'
import { StoreError, type Clock, type OrderStore } from '../../business/ports.ts'

/** While it is down no traffic may come any more, so somebody has to ask whether it is back. */
const PROBE_EVERY_MS = 1_000

/**
 * Tells health what every call of the store shows, and probes it while it is down. Closing it closes
 * the store.
 */
export function observeStore(
  store: OrderStore,
  { health, clock }: { health: DependencyHealth; clock: Clock },
): OrderStore {
  const closing = new AbortController()
  let probing: Promise<void> | undefined

  async function observe<Value>(work: Promise<Value>): Promise<Value> {
    try {
      const value = await work
      health.reportUp('storage')
      return value
    } catch (error) {
      if (error instanceof StoreError && !closing.signal.aborted) {
        health.reportDown('storage', error.message)
        probing ??= probeUntilUp().finally(() => {
          probing = undefined
        })
      }
      throw error
    }
  }

  async function probeUntilUp(): Promise<void> {
    while (!closing.signal.aborted && health.states().storage.status === 'down') {
      await clock.sleep(PROBE_EVERY_MS, closing.signal)
      if (closing.signal.aborted) return
      await store.probe().then(
        () => health.reportUp('storage'),
        (error: unknown) => health.reportDown('storage', String(error)),
      )
    }
  }

  return {
    findOrder: (orderId) => observe(store.findOrder(orderId)),
    reserve: (pending) => observe(store.reserve(pending)),
    settle: (pending, position) => observe(store.settle(pending, position)),
    discard: (pending) => observe(store.discard(pending)),
    listPending: (limit) => observe(store.listPending(limit)),
    probe: () => observe(store.probe()),
    async close() {
      closing.abort()
      await probing
      await store.close()
    },
  }
}
