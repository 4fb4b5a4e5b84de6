import type { Arguments, Kind, Operation, OperationOf } from '../operation.ts'
import { OPERATIONS, type Place } from './operations.ts'

export interface GroupOf<K extends Kind> {
  readonly kind: K
  readonly operations: readonly OperationOf<K>[]
}

/** Operations that one statement carries out. */
export type Group = { [K in Kind]: GroupOf<K> }[Kind]

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
 * effect in its order, each in a statement of its own, and what has no place takes effect after all
 * before it and before all after it. Operations on different orders do not see each other.
 */
export function cutIntoGroups(batch: readonly Operation[]): readonly Group[] {
  const groups: Draft[] = []
  /** By order: the first group that its next operation may be in. */
  const openFrom = new Map<string, number>()
  let allOpenFrom = 0
  for (const operation of batch) {
    const { kind } = operation
    const place = placeOf(operation)
    if (place === undefined) {
      allOpenFrom = groups.push({ kind, owner: undefined, operations: [operation], bytes: 0 })
      continue
    }
    const { owner, orderId, bytes = 0 } = place
    const from = Math.max(allOpenFrom, (orderId && openFrom.get(orderId)) || 0)
    const fits = (group: Draft, at: number): boolean =>
      at >= from &&
      group.kind === kind &&
      group.owner === owner &&
      group.bytes < STATEMENT_BYTES_MAX
    let index = groups.findIndex(fits)
    if (index === -1) index = groups.push({ kind, owner, operations: [], bytes: 0 }) - 1
    const group = groups[index]
    group?.operations.push(operation)
    if (group) group.bytes += bytes
    // Reads of one order may share a statement.
    if (orderId !== undefined) openFrom.set(orderId, OPERATIONS[kind].isRead ? index : index + 1)
  }
  return groups as readonly Group[]
}

/** The same operations, each in a statement of its own. */
export function splitGroup({ kind, operations }: Group): readonly Group[] {
  return operations.map((operation) => ({ kind, operations: [operation] }) as Group)
}

function placeOf<K extends Kind>({ kind, args }: OperationOf<K>): Place | undefined {
  const find: ((...args: Arguments<K>) => Place) | undefined = OPERATIONS[kind].placeOf
  return find?.(...args)
}
