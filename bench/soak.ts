import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { globalSetup, globalTeardown } from '../test/support/global-setup.ts'
import { usualCase, usualTarget, type Store } from './orders/cases.ts'
import { runLoad } from './orders/load.ts'
import { describeMachine, saveResults } from './orders/save-results.ts'
import { findServers } from './orders/servers.ts'
import { startTarget } from './orders/target.ts'
import { reportSoak } from './soak/report.ts'
import { soakWindow, type SoakWindow } from './soak/window.ts'

/**
 * The service for a long time at half of the most that it answers: what grows, grows on. Each minute is a
 * window with new connections; the slope of each figure over the windows is what is looked for. Linux.
 *
 *   npm run soak                                    half an hour, SQLite
 *   npm run soak -- --minutes 3 --store postgres
 *   npm run soak -- --rate 500                      so many a second, without looking for the most
 */

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    store: { type: 'string', default: 'sqlite' },
    connections: { type: 'string', default: '64' },
    rate: { type: 'string' },
  },
})

const WARM_UP_S = 30
const MAXIMUM_S = 20
const WINDOW_S = 60

const minutes = Number(values.minutes)
const load = usualCase(Number(values.connections))
await globalSetup()
const folder = await mkdtemp(join(tmpdir(), 'cart-service-soak-'))
try {
  await using servers = await findServers()
  await using target = await startTarget(usualTarget(readStore(values.store)), folder)
  const plan = { ...load, url: target.url }
  await runLoad({ ...plan, seconds: WARM_UP_S })
  const perSecond = values.rate === undefined ? await findHalf() : Number(values.rate)
  const windows: SoakWindow[] = []
  for (let minute = 1; minute <= minutes; minute += 1) {
    windows.push(await soakWindow(target, { ...plan, seconds: WINDOW_S, perSecond }))
    process.stderr.write(`minute ${minute} of ${minutes}: ${JSON.stringify(windows.at(-1))}\n`)
  }
  const file = await saveResults('soak', describeMachine(servers), { perSecond, windows })
  process.stdout.write(`${reportSoak(perSecond, windows)}\n\nEvery minute: ${file}\n`)

  async function findHalf(): Promise<number> {
    const most = await runLoad({ ...plan, seconds: MAXIMUM_S })
    return Math.floor(most.perSecond / 2)
  }
} finally {
  await rm(folder, { recursive: true, force: true })
  await globalTeardown()
}

function readStore(name: string): Store {
  if (name === 'sqlite' || name === 'postgres') return name
  throw new Error(`--store must be sqlite or postgres, got ${name}`)
}
