import type { MessagePort } from 'node:worker_threads'

import type { SqliteEngine } from './engine.ts'
import type { Operation } from '../operation.ts'

/** Answered with the results of the batch, or by the end of the worker. */
export type WorkerRequest = readonly Operation[] | 'close'

/** The worker's side of a WorkerRunner. After `close` nothing keeps the thread alive. */
export function serveEngine(
  port: MessagePort,
  engine: Pick<SqliteEngine, 'execute' | 'close'>,
): void {
  port.on('message', (request: WorkerRequest) => {
    if (request !== 'close') return port.postMessage(engine.execute(request))
    engine.close()
    port.close()
  })
}
