import type { Kind } from './request-maker.ts'

/** What is measured: each case on each target of its part, in turns. */

/** `none` is the bare route: HTTP, schemas and body, and nothing behind them. */
export type Store = 'none' | 'sqlite' | 'postgres'

export interface TargetShape {
  readonly store: Store
  readonly partitions: number
  /** Put into the store before, with random ids and customers. */
  readonly storedOrders: number
}

export interface LoadCase {
  readonly kind: Kind
  readonly connections: number
  readonly items: number
  readonly hasRandomIds: boolean
}

export interface LoadPart {
  readonly name: string
  readonly targets: readonly TargetShape[]
  readonly cases: readonly LoadCase[]
  /** Whether its rows are shown against the first one of the same store. */
  readonly isComparison: boolean
}

export interface Choice {
  readonly stores: readonly Store[]
  readonly connections: readonly number[]
  readonly isFull: boolean
}

const USUAL_PARTITIONS = 3
const MANY_PARTITIONS = 60
const USUAL_ITEMS = 3
const MANY_ITEMS = 100
const MANY_ORDERS = 1_000_000

const BARE: TargetShape = { store: 'none', partitions: 0, storedOrders: 0 }

export function usualTarget(store: Store): TargetShape {
  return { store, partitions: USUAL_PARTITIONS, storedOrders: 0 }
}

export function usualCase(connections: number): LoadCase {
  return { kind: 'create', connections, items: USUAL_ITEMS, hasRandomIds: false }
}

export function listLoadParts({ stores, connections, isFull }: Choice): readonly LoadPart[] {
  const [most = 1] = connections
  const some = isFull ? connections : [most]
  const usual = stores.map(usualTarget)
  const compared = isFull ? usual : usual.slice(0, 1)
  const withMany = (more: Partial<TargetShape>): readonly TargetShape[] =>
    compared.flatMap((target) => [target, { ...target, ...more }])
  const parts: readonly LoadPart[] = [
    {
      name: 'creates',
      targets: [BARE, ...usual],
      cases: connections.map(usualCase),
      isComparison: false,
    },
    {
      name: 'changes',
      targets: [BARE, ...usual],
      cases: some.flatMap((count) => [
        { ...usualCase(count), kind: 'update' as const },
        { ...usualCase(count), kind: 'mix' as const },
      ]),
      isComparison: false,
    },
    {
      name: 'partitions',
      targets: [BARE, ...withMany({ partitions: MANY_PARTITIONS })],
      cases: some.map(usualCase),
      isComparison: true,
    },
    {
      name: 'items',
      targets: [BARE, ...compared],
      cases: [USUAL_ITEMS, MANY_ITEMS].map((items) => ({ ...usualCase(most), items })),
      isComparison: true,
    },
    {
      name: 'stored',
      targets: [BARE, ...withMany({ storedOrders: MANY_ORDERS })],
      cases: [{ ...usualCase(most), hasRandomIds: true }],
      isComparison: true,
    },
  ]
  // A million orders take minutes to be put there.
  return isFull ? parts : parts.filter(({ name }) => name !== 'stored')
}
