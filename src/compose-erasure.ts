/** The erasure of whose order it is (business/order/erase-order), with Kafka's part of it. */

import type { CommandDrain } from './business/command-drain.ts'
import { measureErasure } from './business/measures/measured-commands.ts'
import type { Measures } from './business/measures/measures.ts'
import type { ChangeDeps } from './business/order/change-deps.ts'
import {
  eraseOrder,
  type EraseDeps,
  type EraseOrder,
  type ErasedOrder,
} from './business/order/erase-order.ts'
import type { OrderReader } from './business/ports.ts'
import { createCluster } from './compose-clients.ts'
import type { Config } from './config/config.ts'
import { writeTombstones } from './service/kafka/tombstones.ts'

/** It is counted as a change is, and a stop waits for it. */
export function composeErasure(
  config: Config,
  { measures, ...deps }: ChangeDeps & { readonly reader: OrderReader; readonly measures: Measures },
  drain: CommandDrain,
): (command: EraseOrder) => Promise<ErasedOrder> {
  const { clock, ids } = deps
  const kafka = { cluster: createCluster(config), clock, ids }
  const erasing: EraseDeps = {
    ...deps,
    writeTombstones: (orderId, keys) => writeTombstones(kafka, orderId, keys),
  }
  return measureErasure((command) => drain.track(eraseOrder(erasing, command)), measures)
}
