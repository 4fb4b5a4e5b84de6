import type { BatchRunner } from '../batch-runner.ts'
import type { SqliteEngine } from './engine.ts'

/** In the calling thread: right where nothing waits for a disk. */
export function createInlineRunner(engine: SqliteEngine): BatchRunner {
  return {
    run: async (batch) => engine.execute(batch),
    close: async () => engine.close(),
  }
}
