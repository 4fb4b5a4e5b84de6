import assert from 'node:assert/strict'
import { parentPort, workerData } from 'node:worker_threads'

import { createConnector } from './connection.ts'
import { SqliteEngine } from './engine.ts'
import { serveEngine } from './serve-engine.ts'

assert.ok(parentPort, 'runs as a worker only')
const { path } = workerData as { path: string }
serveEngine(parentPort, new SqliteEngine(createConnector({ path })))
