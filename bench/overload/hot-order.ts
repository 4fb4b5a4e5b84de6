import { randomUUID } from 'node:crypto'
import { orEnded, spanFromNow, type Instruments, type Surroundings } from './instruments.ts'
import { freshOrders } from './ladder.ts'
import type { LoadOptions } from './load.ts'
import type { Asked } from './request-bytes.ts'
import type { Target } from './servers.ts'
import type { LoadReport } from './tally.ts'

/** Many clients change one order, each as soon as it has its answer, while a few others create theirs. */

export interface HotStep extends Surroundings {
  readonly clients: number
  readonly hasKey: boolean
  /** Undefined: the others alone. */
  readonly updates: LoadReport | undefined
  readonly others: LoadReport
}

const OTHERS = 20
/** Longer than the service may take. */
const TIMEOUT_MS = 10_000

export async function runHotOrder(
  instruments: Instruments,
  target: Target,
  clients: readonly number[],
  seconds: number,
  onStep: (step: HotStep) => void,
): Promise<void> {
  const orderId = `hot-${randomUUID()}`
  await createOrder(target, orderId)
  for (const hasKey of [false, true]) {
    for (const count of hasKey ? clients : [0, ...clients]) {
      const run = randomUUID().slice(0, 8)
      const asked = { kind: 'update', run, orderId, hasKey } as const
      onStep(await runOne(instruments, target, count, asked, seconds))
    }
  }
}

async function runOne(
  instruments: Instruments,
  target: Target,
  clients: number,
  asked: Asked & { readonly kind: 'update' },
  seconds: number,
): Promise<HotStep> {
  const optionsFor = (connections: number, what: Asked): LoadOptions => ({
    port: target.port,
    connections,
    timeoutMs: TIMEOUT_MS,
    asked: what,
  })
  await using hot = instruments.startLoad()
  await using few = instruments.startLoad()
  await Promise.all([
    hot.ask('open', optionsFor(clients, asked)),
    few.ask('open', optionsFor(OTHERS, freshOrders())),
  ])
  const span = spanFromNow(seconds)
  const [updates, others, surroundings] = await orEnded(
    target,
    Promise.all([hot.ask('run', span), few.ask('run', span), instruments.watch(target, span)]),
  )
  return {
    ...surroundings,
    clients,
    hasKey: asked.hasKey,
    updates: clients === 0 ? undefined : updates,
    others,
  }
}

async function createOrder({ port }: Target, orderId: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/api/create-order`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ orderId, numItems: 3 }),
  })
  if (!response.ok) throw new Error(`the hot order was not created: ${await response.text()}`)
}
