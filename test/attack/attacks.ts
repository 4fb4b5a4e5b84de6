import { brokerFrames, databaseFrames } from './broken-frames.ts'
import { foreignHost } from './foreign-host.ts'
import type { Attack } from './harness.ts'
import { httpShapes } from './http-shapes.ts'
import { formerOrders, largeOrders, largestOrders } from './large-orders.ts'
import { listsByMany, listsUnread } from './lists.ts'
import { oneKey } from './one-key.ts'
import { oneOrder, oneOrderKeys } from './one-order.ts'
import { overload } from './overload.ts'
import { manyValues } from './many-values.ts'
import { filesUnread, streamsPipelined } from './pipelining.ts'
import { registryAnswers } from './registry-answers.ts'
import { terminalText } from './terminal-text.ts'
import { topicBombs } from './topic-bombs.ts'

export const ATTACKS: readonly Attack[] = [
  listsByMany,
  listsUnread,
  filesUnread,
  streamsPipelined,
  manyValues,
  largeOrders,
  largestOrders,
  formerOrders,
  overload,
  oneOrder,
  oneOrderKeys,
  oneKey,
  brokerFrames,
  databaseFrames,
  registryAnswers,
  topicBombs,
  terminalText,
  foreignHost,
  httpShapes,
]
