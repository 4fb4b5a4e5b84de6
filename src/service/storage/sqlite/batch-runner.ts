import type { SqliteEngine } from './engine.ts'
import type { Operation, OperationResult } from './operation.ts'

/** Runs one batch at a time. */
export interface BatchRunner {
  /** One result for each operation, in their order. Never rejects. */
  run(batch: readonly Operation[]): Promise<readonly OperationResult[]>
  close(): Promise<void>
}

/** In the calling thread: right where nothing waits for a disk. */
export function createInlineRunner(engine: SqliteEngine): BatchRunner {
  return {
    run: async (batch) => engine.execute(batch),
    close: async () => engine.close(),
  }
}
