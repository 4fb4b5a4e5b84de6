import type { Operation, OperationResult } from './operation.ts'

/** Runs one batch at a time. */
export interface BatchRunner {
  /** One result for each operation, in their order. Never rejects. */
  run(batch: readonly Operation[]): Promise<readonly OperationResult[]>
  close(): Promise<void>
}
