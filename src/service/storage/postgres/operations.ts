import type { Arguments, Kind, Value } from '../operation.ts'
import type { Connection, Query } from './connection.ts'
import { handOver, join, leave, renewLease, takeOver } from './instance-statements.ts'
import {
  countProbe,
  discard,
  forgetKeys,
  listPending,
  reserve,
  forgetSchemaId,
  saveSchemaId,
  settle,
} from './order-statements.ts'
import {
  findEvent,
  findKeyedChanges,
  findLastPlace,
  findOrders,
  findRetiredPlace,
  findSchemaId,
  listEvents,
  listOrders,
  listRecordKeys,
  listSettled,
} from './query-statements.ts'
import { settleErasure } from './settle-erasure.ts'

/** Decides which operations of a batch one statement may carry out, and when. */
export interface Place {
  /** Whose it is: one statement is for one owner. */
  readonly owner?: string
  /** Takes effect in the order of the calls that concern this order. Without: at any time. */
  readonly orderId?: string
  /** How many of the statement are its. */
  readonly bytes?: number
}

interface PostgresOperation<K extends Kind> {
  readonly isRead: boolean
  /** Of those that share a statement. The others take effect after all before and before all after. */
  readonly placeOf?: (...args: Arguments<K>) => Place
  /** One answer for each call. `stray`: only a bug can have brought it. */
  run(
    connection: Connection,
    calls: readonly Arguments<K>[],
  ): Promise<readonly (Value<K> | 'stray')[]>
}

export type PostgresOperations = { readonly [K in Kind]: PostgresOperation<K> }

/** By the kind of operation, how it is carried out. */
export const OPERATIONS: PostgresOperations = {
  join: { isRead: false, run: inTransaction(join) },
  renewLease: { isRead: false, run: alone(renewLease) },
  leave: { isRead: false, run: alone(leave) },
  reserve: { isRead: false, run: together(reserve), placeOf: placeOfRow },
  settle: { isRead: false, run: together(settle), placeOf: placeOfKey },
  settleErasure: { isRead: false, run: inTransaction(settleErasure) },
  discard: { isRead: false, run: together(discard), placeOf: placeOfKey },
  takeOverPending: { isRead: false, run: inTransaction(takeOver) },
  handOver: { isRead: false, run: alone(handOver) },
  probe: { isRead: false, run: alone(countProbe) },
  saveSchemaId: { isRead: false, run: alone(saveSchemaId) },
  forgetSchemaId: { isRead: false, run: alone(forgetSchemaId) },
  forgetKeys: { isRead: false, run: alone(forgetKeys) },
  findOrder: { isRead: true, run: together(findOrders), placeOf: (orderId) => ({ orderId }) },
  listOrders: { isRead: true, run: alone(listOrders) },
  listEvents: { isRead: true, run: alone(listEvents) },
  findEvent: { isRead: true, run: alone(findEvent) },
  listRecordKeys: { isRead: true, run: alone(listRecordKeys) },
  listSettled: { isRead: true, run: alone(listSettled) },
  findLastPlace: { isRead: true, run: alone(findLastPlace) },
  findRetiredPlace: { isRead: true, run: alone(findRetiredPlace) },
  // None of the batch has an answer yet, so who asks for a key cannot know what came before.
  findKeyedChange: { isRead: true, run: together(findKeyedChanges), placeOf: () => ({}) },
  listPending: { isRead: true, run: alone(listPending) },
  findSchemaId: { isRead: true, run: alone(findSchemaId) },
}

function placeOfRow(owner: string, row: Arguments<'reserve'>[1]): Place {
  return { owner, orderId: row.orderId, bytes: row.value.length + row.state.length }
}

function placeOfKey(owner: string, { orderId }: Arguments<'discard'>[1]): Place {
  return { owner, orderId }
}

type Run<Args extends readonly unknown[], Answer> = (
  connection: Connection,
  calls: readonly Readonly<Args>[],
) => Promise<readonly Answer[]>

/** By one statement for all calls. */
function together<Args extends readonly unknown[], Answer>(
  statement: (query: Query, calls: readonly Args[]) => Promise<readonly Answer[]>,
): Run<Args, Answer> {
  return ({ query }, calls) => statement(query, calls)
}

/** By a statement for each call. */
function alone<Args extends readonly unknown[], Answer>(
  statement: (query: Query, ...args: Args) => Promise<Answer>,
): Run<Args, Answer> {
  return ({ query }, calls) => oneByOne(calls, (args) => statement(query, ...args))
}

/** By several statements in one transaction for each call. */
function inTransaction<Args extends readonly unknown[], Answer>(
  work: (query: Query, ...args: Args) => Promise<Answer>,
): Run<Args, Answer> {
  return (connection, calls) =>
    oneByOne(calls, (args) => connection.transaction((query) => work(query, ...args)))
}

async function oneByOne<Args, Answer>(
  calls: readonly Readonly<Args>[],
  run: (args: Args) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (const args of calls) answers.push(await run(args))
  return answers
}
