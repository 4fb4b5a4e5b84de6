import process from 'node:process'
import type { AddressInfo } from 'node:net'
import { startTestServer } from '../test/api/harness.ts'
import { HelperProcess } from './overload/helper-process.ts'
import { spanFromNow } from './overload/instruments.ts'
import { freshOrders } from './overload/ladder.ts'
import type { LoadCommands } from './overload/load-process.ts'
import type { LoadReport } from './overload/tally.ts'

/**
 * What a refusal at the door costs in processor time of the service: `node bench/refusals.ts`. The HTTP
 * server is alone in this process and always full; the load is another process. The first request of each of
 * many connections, and then requests that are sent again as soon as they are refused.
 */

const CONNECTIONS = 4_096
const AGAIN_CONNECTIONS = 512
const SECONDS = 3
/** A burst: at leisure each request would have a turn of the loop for itself. */
const FIRST_SECONDS = 0.25
const TIMEOUT_MS = 10_000

const closings: Array<() => unknown> = []

const { server } = await startTestServer(
  { after: (close: () => unknown) => closings.push(close) } as never,
  {
    logLevel: 'silent',
    settings: { connectionsMax: 2 * CONNECTIONS, acceptQueues: 8 },
    changes: {
      enter: () => false,
      leave: () => undefined,
      isFull: () => true,
      outcomeOfRefusal: () => 'not-applied',
    },
  },
)
await server.listen({ host: '127.0.0.1', port: 0 })
const { port } = server.server.address() as AddressInfo

// Warm: the first requests of a process are what its compiler takes.
await measure(AGAIN_CONNECTIONS, SECONDS)
print('first requests', await measure(CONNECTIONS, FIRST_SECONDS, CONNECTIONS / FIRST_SECONDS))
print('asked again', await measure(AGAIN_CONNECTIONS, SECONDS))
for (const close of closings) await close()

interface Measured {
  readonly report: LoadReport
  readonly microseconds: number
}

/** With a rate at which each connection has one request, or as fast as it goes. */
async function measure(
  connections: number,
  seconds: number,
  perSecond?: number,
): Promise<Measured> {
  await using load = new HelperProcess<LoadCommands>('load-process.ts')
  await load.ask('open', {
    port,
    connections,
    timeoutMs: TIMEOUT_MS,
    asked: freshOrders(),
    ...(perSecond !== undefined && { perSecond }),
  })
  const before = process.cpuUsage()
  const report = await load.ask('run', spanFromNow(seconds))
  const { user, system } = process.cpuUsage(before)
  return { report, microseconds: user + system }
}

function print(name: string, { report: { sent, answers }, microseconds }: Measured): void {
  const each = (microseconds / sent).toFixed(1)
  process.stdout.write(`${name}: ${sent}, ${each} µs each; ${JSON.stringify(answers)}\n`)
}
