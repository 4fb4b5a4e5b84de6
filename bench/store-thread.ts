import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'

import { BatchedStore } from '../src/service/storage/batched-store.ts'
import { createInlineRunner } from '../src/service/storage/sqlite/inline-runner.ts'
import { createConnector } from '../src/service/storage/sqlite/connection.ts'
import { SqliteEngine } from '../src/service/storage/sqlite/engine.ts'
import { WorkerRunner } from '../src/service/storage/sqlite/worker-runner.ts'
import { loadStore } from './store-load.ts'

/**
 * Where should SQLite's synchronous work run: in the thread of the event loop, or in a worker?
 * Reserves and settles orders of 3 items in a file, on this disk and on one whose fsync takes 5 ms
 * more, and prints what gets through and how long the event loop is held up.
 *
 *   node bench/store-thread.ts          needs gcc for the slow fsync, Linux
 */
const THREADS = ['worker', 'inline'] as const
const SLOW_FSYNC_US = [0, 5_000]
const PARALLEL = [1, 32, 256]
const WARM_UP_MS = 1_000
const MEASURE_MS = 4_000
const DELAY_RESOLUTION_MS = 1

type Thread = (typeof THREADS)[number]

interface Measurement {
  readonly pairsPerSecond: number
  readonly cpuMicrosPerPair: number
  readonly loopDelayP99Ms: number
  readonly loopDelayMaxMs: number
}

async function measure(thread: Thread, parallel: number, path: string): Promise<Measurement> {
  const runner =
    thread === 'worker'
      ? new WorkerRunner({ path })
      : createInlineRunner(new SqliteEngine(createConnector({ path })))
  const store = await BatchedStore.open({ runner, leaseMs: 0 })
  await loadStore(store, parallel, WARM_UP_MS)

  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS })
  delay.enable()
  const cpuBefore = process.cpuUsage()
  const pairs = await loadStore(store, parallel, MEASURE_MS)
  const { user, system } = process.cpuUsage(cpuBefore)
  delay.disable()

  await store.close()
  return {
    pairsPerSecond: Math.round((pairs * 1_000) / MEASURE_MS),
    cpuMicrosPerPair: Math.round((user + system) / pairs),
    loopDelayP99Ms: delay.percentile(99) / 1e6,
    loopDelayMaxMs: delay.max / 1e6,
  }
}

/** In a process of its own, because the slow fsync is loaded with the process. */
function measureInChild(directory: string, slowUs: number, args: readonly string[]): Measurement {
  const shim = join(directory, 'slow-fsync.so')
  const environment = slowUs === 0 ? {} : { LD_PRELOAD: shim, SLOW_FSYNC_US: String(slowUs) }
  const output = execFileSync(process.execPath, [import.meta.filename, ...args], {
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  })
  return JSON.parse(output) as Measurement
}

function compareAll(): void {
  const directory = mkdtempSync(join(tmpdir(), 'bench-store-'))
  const source = join(import.meta.dirname, 'slow-fsync.c')
  const shim = join(directory, 'slow-fsync.so')
  execFileSync('gcc', ['-O2', '-shared', '-fPIC', '-o', shim, source, '-ldl'])
  console.log(
    '| fsync | parallel | thread | reserve + settle/s | CPU µs each | delay p99 ms | max ms |',
  )
  console.log('|---|---|---|---|---|---|---|')
  for (const slowUs of SLOW_FSYNC_US) {
    for (const parallel of PARALLEL) {
      for (const thread of THREADS) {
        const path = join(directory, `${slowUs}-${parallel}-${thread}.db`)
        const result = measureInChild(directory, slowUs, [thread, String(parallel), path])
        const fsync = slowUs === 0 ? 'this disk' : `+${slowUs / 1_000} ms`
        console.log(
          `| ${fsync} | ${parallel} | ${thread} | ${result.pairsPerSecond} | ` +
            `${result.cpuMicrosPerPair} | ${result.loopDelayP99Ms.toFixed(1)} | ` +
            `${result.loopDelayMaxMs.toFixed(1)} |`,
        )
      }
    }
  }
  rmSync(directory, { recursive: true })
}

const [thread, parallel, path] = process.argv.slice(2)
if (thread === undefined) {
  compareAll()
} else {
  assert.ok(thread === 'worker' || thread === 'inline')
  assert.ok(path)
  console.log(JSON.stringify(await measure(thread, Number(parallel), path)))
}
