import { CommandError } from '../errors.ts'
import type { ChangedOrder, OrderCommands } from '../order/commands.ts'
import type { ChangeCommand, ChangeOutcomeName, Measures } from './measures.ts'

/** The same commands; each is counted by what its caller is told. */
export function measureCommands(
  commands: OrderCommands,
  { changes }: Pick<Measures, 'changes'>,
): OrderCommands {
  async function count(command: ChangeCommand, change: Promise<ChangedOrder>) {
    try {
      const changed = await change
      changes.add([command, changed.isReplayed ? 'replayed' : 'done'])
      return changed
    } catch (error) {
      changes.add([command, outcomeOf(error)])
      throw error
    }
  }
  return {
    createOrder: (command) => count('create', commands.createOrder(command)),
    changeOrderStatus: (command) => count('update', commands.changeOrderStatus(command)),
  }
}

function outcomeOf(error: unknown): ChangeOutcomeName {
  if (!(error instanceof CommandError)) return 'failed'
  return error.outcome ?? 'refused'
}
