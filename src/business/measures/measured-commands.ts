import { CommandError } from '../errors.ts'
import type { OrderCommands } from '../order/commands.ts'
import type { EraseOrder, ErasedOrder } from '../order/erase-order.ts'
import type { ChangeCommand, ChangeOutcomeName, Measures } from './measures.ts'

type Counts = Pick<Measures, 'changes'>

/** The same commands; each is counted by what its caller is told. */
export function measureCommands(commands: OrderCommands, counts: Counts): OrderCommands {
  return {
    createOrder: (command) => count(counts, 'create', commands.createOrder(command)),
    changeOrderStatus: (command) => count(counts, 'update', commands.changeOrderStatus(command)),
  }
}

/** The same for the erasure, which operators ask for. */
export function measureErasure(
  erase: (command: EraseOrder) => Promise<ErasedOrder>,
  counts: Counts,
): (command: EraseOrder) => Promise<ErasedOrder> {
  return (command) => count(counts, 'erase', erase(command))
}

async function count<Changed extends object>(
  { changes }: Counts,
  command: ChangeCommand,
  change: Promise<Changed>,
): Promise<Changed> {
  try {
    const changed = await change
    changes.add([
      command,
      'isReplayed' in changed && changed.isReplayed === true ? 'replayed' : 'done',
    ])
    return changed
  } catch (error) {
    changes.add([command, outcomeOf(error)])
    throw error
  }
}

function outcomeOf(error: unknown): ChangeOutcomeName {
  if (!(error instanceof CommandError)) return 'failed'
  return error.outcome ?? 'refused'
}
