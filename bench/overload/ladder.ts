import { randomUUID } from 'node:crypto'
import type { Instruments, StepReport } from './instruments.ts'
import type { Target } from './servers.ts'

/** Its capacity in a closed loop, and then multiples of that in an open loop, over more and more connections. */

export interface Ladder {
  readonly name: string
  readonly rates: readonly number[]
  readonly connections: readonly number[]
  readonly seconds: number
  readonly clientTimeoutMs: number
  readonly capacity: number | undefined
}

export interface LadderStep extends StepReport {
  readonly part: string
  /** In multiples of the capacity; undefined: the closed loop by which that is measured. */
  readonly rate: number | undefined
}

const CAPACITY_CONNECTIONS = 256
const WARM_UP_SECONDS = 3
/** A closed loop finds the capacity, however long an answer takes. */
const CAPACITY_TIMEOUT_MS = 10_000

export async function runLadder(
  instruments: Instruments,
  target: Target,
  ladder: Ladder,
  onStep: (step: LadderStep) => void,
): Promise<void> {
  const add = (rate: number | undefined, step: StepReport): void => {
    onStep({ part: ladder.name, rate, ...step })
  }
  await runClosed(instruments, target, WARM_UP_SECONDS)
  const closed = await runClosed(instruments, target, ladder.seconds)
  add(undefined, closed)
  const capacity = ladder.capacity ?? closed.load.confirmedPerSecond
  for (const connections of ladder.connections) {
    for (const rate of ladder.rates) {
      const load = {
        port: target.port,
        connections,
        perSecond: Math.round(rate * capacity),
        timeoutMs: ladder.clientTimeoutMs,
        asked: freshOrders(),
      }
      add(rate, await instruments.runStep(target, load, ladder.seconds))
    }
  }
}

function runClosed(instruments: Instruments, target: Target, seconds: number): Promise<StepReport> {
  const load = {
    port: target.port,
    connections: CAPACITY_CONNECTIONS,
    timeoutMs: CAPACITY_TIMEOUT_MS,
    asked: freshOrders(),
  }
  return instruments.runStep(target, load, seconds)
}

/** Creations of orders that nobody created before. */
export function freshOrders() {
  return { kind: 'create', run: randomUUID().slice(0, 8) } as const
}
