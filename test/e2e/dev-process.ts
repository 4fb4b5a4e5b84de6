import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findFreePort } from '../../dev-services/ports.ts'
import { waitUntil } from '../../dev-services/wait-until.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))

/** A first start downloads. */
const readyTimeoutMs = 300_000
const goneTimeoutMs = 60_000

/** Disposing of it kills what still runs. */
export interface DevRun extends AsyncDisposable {
  /** The process that npm starts, and the leader of the group that a terminal sends Ctrl-C to. */
  readonly pid: number
  /** All that was printed so far, stdout and stderr. */
  output(): string
  /** Resolves when the output contains `text`; rejects when the run ends before or it takes too long. */
  waitFor(text: string): Promise<void>
  /** Resolves with the exit code, null after a signal. */
  readonly exited: Promise<number | null>
  /** Ctrl-C: SIGINT to the whole foreground group. */
  pressCtrlC(): void
  /** The run and all its descendants that live now. */
  listProcesses(): Promise<readonly ProcessEntry[]>
}

export interface ProcessEntry {
  readonly pid: number
  readonly ppid: number
  readonly command: string
}

/** `npm run dev` as npm runs it, with these variables and nothing else that configures it. */
export function startDev(
  env: Readonly<Record<string, string>>,
  options: readonly string[] = [],
): DevRun {
  const child = spawn(process.execPath, ['bin/with-node.mjs', 'dev-services/dev.ts', ...options], {
    cwd: root,
    env: { ...withoutSettings(), ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const pid = child.pid
  if (pid === undefined) throw new Error('the run could not be started')
  let output = ''
  let isOver = false
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  }
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      isOver = true
      resolve(code)
    })
  })
  return {
    pid,
    output: () => output,
    exited,
    waitFor: async (text) => {
      const isThere = async (): Promise<boolean> => isOver || output.includes(text)
      await waitUntil(isThere, { timeoutMs: readyTimeoutMs })
      if (!output.includes(text)) throw new Error(`"${text}" is not in the output:\n${output}`)
    },
    pressCtrlC: () => process.kill(-pid, 'SIGINT'),
    listProcesses: () => listTree(pid),
    [Symbol.asyncDispose]: async () => {
      // The group is gone a moment before its end is known here.
      if (!isOver && isAlive(pid)) process.kill(-pid, 'SIGKILL')
      await exited
    },
  }
}

/** Whether all of them are gone, within a bound. */
export async function areGone(processes: readonly ProcessEntry[]): Promise<boolean> {
  const isGone = async (): Promise<boolean> => processes.every(({ pid }) => !isAlive(pid))
  return waitUntil(isGone, { timeoutMs: goneTimeoutMs })
}

/** Free ports and an empty folder for one test's run, which goes when it is disposed of. */
export async function devSurroundings() {
  const dir = await mkdtemp(join(tmpdir(), 'cart-service-dev-'))
  const apiPort = await findFreePort()
  return {
    apiUrl: `http://localhost:${apiPort}`,
    env: {
      API_PORT: String(apiPort),
      DATABASE_URL: `sqlite:${join(dir, 'cart.db')}`,
      DEV_DATA_DIR: dir,
      DEV_KAFKA_PORT: String(await findFreePort()),
      DEV_REGISTRY_PORT: String(await findFreePort()),
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  }
}

/** The command of the block that begins with `label`, run by a shell as a user does it. */
export async function runPrinted(output: string, label: string): Promise<unknown> {
  const command = new RegExp(`^ *${label} +(curl .*)$`, 'm').exec(output)?.[1]
  if (command === undefined) throw new Error(`no ${label} command in:\n${output}`)
  const { stdout } = await run('sh', ['-c', command])
  return JSON.parse(stdout)
}

function withoutSettings(): NodeJS.ProcessEnv {
  const names = ['KAFKA_BOOTSTRAP_SERVERS', 'SCHEMA_REGISTRY_URL', 'KAFKA_TOPIC', 'API_HOST']
  const settings = names.map((name) => [name, ''] as const)
  // Blank is absent, and wins over a developer's .env file.
  return { ...process.env, ...Object.fromEntries(settings) }
}

async function listTree(rootPid: number): Promise<readonly ProcessEntry[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,args='])
  const all = stdout.split('\n').flatMap((line) => {
    const [, pid, ppid, command] = /^ *(\d+) +(\d+) (.*)$/.exec(line) ?? []
    return command === undefined ? [] : [{ pid: Number(pid), ppid: Number(ppid), command }]
  })
  const tree = all.filter(({ pid }) => pid === rootPid)
  for (const { pid } of tree) tree.push(...all.filter(({ ppid }) => ppid === pid))
  return tree
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
