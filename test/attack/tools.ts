import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Settings } from '../support/own-service.ts'
import { SMALL_HEAP } from './harness.ts'
import { PeakWatch } from './measures.ts'

/** The command line under attack, with as little memory as the service has. */

const CART = fileURLToPath(new URL('../../src/cli/cart.ts', import.meta.url))

const LIFE_MS_MAX = 120_000

export interface ToolRun {
  /** Null after a signal: it was killed, or took too long. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly peakMegabytes: number
}

export async function runTool(args: readonly string[], settings: Settings): Promise<ToolRun> {
  const child = spawn(process.execPath, [CART, ...args], {
    env: { PATH: process.env['PATH'], ...settings, ...SMALL_HEAP },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIFE_MS_MAX,
    killSignal: 'SIGKILL',
  })
  using peak = new PeakWatch(child.pid ?? 0)
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { code: child.exitCode, stdout, stderr, peakMegabytes: peak.megabytes }
}

/** What the topic has, and whether the store agrees. */
export async function auditTopic(
  settings: Settings,
): Promise<{ readonly topicCount: number; readonly faults: readonly string[] }> {
  const { code, stdout, stderr } = await runTool(['audit', '--json'], settings)
  const isRead = code === 0 || code === 1
  if (!isRead) return { topicCount: 0, faults: [`cart audit failed: ${stderr.slice(0, 300)}`] }
  const report = JSON.parse(stdout) as { topicCount: number; differences: readonly unknown[] }
  const differences = JSON.stringify(report.differences.slice(0, 3))
  const faults = code === 0 ? [] : [`topic and store differ: ${differences}`]
  return { topicCount: report.topicCount, faults }
}
