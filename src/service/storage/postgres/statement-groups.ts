import type { Operation } from '../operation.ts'

type Kind = Operation['kind']

export type OperationOf<K extends Kind> = Extract<Operation, { kind: K }>

/** Operations that one statement carries out. */
export type Group = {
  [K in Kind]: { readonly kind: K; readonly operations: OperationOf<K>[] }
}[Kind]

/** Of rows to be stored: bounds a statement's memory, here and in the server, and its time. */
const STATEMENT_BYTES_MAX = 4_000_000

interface Draft {
  readonly kind: Kind
  readonly owner: string | undefined
  readonly operations: Operation[]
  bytes: number
}

/**
 * Cuts a batch into statements, as few as keep the order of the calls: what concerns one order takes
 * effect in its order, each in a statement of its own, and what concerns no single order takes effect
 * after all before it and before all after it. Operations on different orders do not see each other.
 */
export function cutIntoGroups(batch: readonly Operation[]): readonly Group[] {
  const groups: Draft[] = []
  /** By order: the first group that its next operation may be in. */
  const openFrom = new Map<string, number>()
  let allOpenFrom = 0
  for (const operation of batch) {
    const { kind } = operation
    const owner = 'owner' in operation ? operation.owner : undefined
    const orderId = findOrderId(operation)
    if (orderId === undefined) {
      allOpenFrom = groups.push({ kind, owner, operations: [operation], bytes: 0 })
      continue
    }
    const from = Math.max(allOpenFrom, openFrom.get(orderId) ?? 0)
    const fits = (group: Draft, at: number): boolean =>
      at >= from &&
      group.kind === kind &&
      group.owner === owner &&
      group.bytes < STATEMENT_BYTES_MAX
    let index = groups.findIndex(fits)
    if (index === -1) index = groups.push({ kind, owner, operations: [], bytes: 0 }) - 1
    const group = groups[index]
    group?.operations.push(operation)
    if (group && operation.kind === 'reserve') group.bytes += sizeOf(operation)
    // Reads of one order may share a statement.
    openFrom.set(orderId, kind === 'find-order' ? index : index + 1)
  }
  return groups as readonly Group[]
}

/** The same operations, each in a statement of its own. */
export function splitGroup({ kind, operations }: Group): readonly Group[] {
  return operations.map((operation) => ({ kind, operations: [operation] }) as Group)
}

function sizeOf({ row }: OperationOf<'reserve'>): number {
  return row.value.length + row.state.length
}

function findOrderId(operation: Operation): string | undefined {
  if ('orderId' in operation) return operation.orderId
  if ('row' in operation) return operation.row.orderId
  return 'key' in operation ? operation.key.orderId : undefined
}
