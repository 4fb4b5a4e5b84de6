import assert from 'node:assert/strict'
import { get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'

/** The thread of LivenessWatch: asks on a connection of its own each time, as probes do. */

const PAUSE_MS = 100
const TIMEOUT_MS = 10_000

assert.ok(parentPort !== null)
const port = parentPort
let asked = 0
let failed = 0
let slowestMs = 0

port.on('message', () => port.postMessage({ asked, failed, slowestMs }))

for (;;) {
  const startMs = performance.now()
  const isAlive = await askOnce()
  asked += 1
  if (!isAlive) failed += 1
  slowestMs = Math.max(slowestMs, Math.round(performance.now() - startMs))
  await delay(PAUSE_MS)
}

function askOnce(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const request = get(`${String(workerData)}/health/live`, { agent: false, timeout: TIMEOUT_MS })
  request.on('response', (answer) => {
    answer.resume().on('end', () => resolve(answer.statusCode === 200))
    answer.on('error', () => resolve(false))
  })
  request.on('timeout', () => request.destroy())
  request.on('error', () => resolve(false))
  return promise
}
