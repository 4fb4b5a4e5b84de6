import { fork } from 'node:child_process'
import { mkdirSync, openSync, closeSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** How a process ended: one of the two is set. */
export interface ProcessExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface SupervisedProcess {
  readonly pid: number
  /** Resolves when the process is gone, whoever ended it. Never rejects. */
  readonly exited: Promise<ProcessExit>
  /** Hands a signal to the process and its children; SIGSTOP and SIGKILL included. */
  signal(name: NodeJS.Signals): void
  /** SIGTERM, SIGKILL after `killAfterMs`; resolves when the process is gone. Idempotent. */
  stop(): Promise<ProcessExit>
}

export interface ProcessCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  /** The whole environment; that of this process by default. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** A file for what the process prints, emptied first; or this process's own stdout and stderr; or a reader of chunks. */
  readonly output: { readonly file: string } | 'inherit' | ((chunk: string) => void)
  readonly killAfterMs: number
}

type SupervisorMessage = { started: number } | { failed: string } | { exited: ProcessExit }

const supervisorPath = fileURLToPath(new URL('supervise.mjs', import.meta.url))

/**
 * Starts a command that cannot outlive this process, not even when this process is killed with
 * SIGKILL. Rejects when the command cannot be run.
 */
export async function startSupervised(command: ProcessCommand): Promise<SupervisedProcess> {
  const supervisor = forkSupervisor(command)
  const started = Promise.withResolvers<number>()
  const exited = Promise.withResolvers<ProcessExit>()
  let pid: number | undefined
  let isGone = false

  supervisor.on('message', (message: SupervisorMessage) => {
    if ('started' in message) {
      pid = message.started
      started.resolve(pid)
    } else if ('failed' in message) {
      started.reject(new Error(`${command.command} cannot be run: ${message.failed}`))
    } else {
      isGone = true
      exited.resolve(message.exited)
    }
  })
  supervisor.once('error', (error) => started.reject(error))
  supervisor.once('exit', (code, signal) => {
    started.reject(new Error(`${command.command}: its supervisor ended before it`))
    if (isGone) return
    // The supervisor itself was killed: nobody else is left to end what it ran.
    isGone = true
    if (pid !== undefined) killGroup(pid)
    exited.resolve({ code, signal })
  })

  const tell = (message: { stop: true } | { signal: NodeJS.Signals }): void => {
    // Between the check and the write the supervisor may go; `exited` reports that.
    if (!isGone && supervisor.connected) supervisor.send(message, () => {})
  }
  return {
    pid: await started.promise,
    exited: exited.promise,
    signal: (name) => tell({ signal: name }),
    stop: () => {
      tell({ stop: true })
      return exited.promise
    },
  }
}

function forkSupervisor(command: ProcessCommand) {
  const { output } = command
  const stdio = typeof output === 'function' ? 'pipe' : output === 'inherit' ? 'inherit' : undefined
  const logFile = typeof output === 'object' ? openEmptied(output.file) : undefined
  try {
    const sink = stdio ?? logFile ?? 'ignore'
    const supervisor = fork(
      supervisorPath,
      [String(command.killAfterMs), command.command, ...command.args],
      {
        ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
        env: command.env ?? process.env,
        execArgv: [],
        detached: true,
        stdio: ['ignore', sink, sink, 'ipc'],
      },
    )
    if (typeof output === 'function') {
      for (const stream of [supervisor.stdout, supervisor.stderr]) {
        stream?.setEncoding('utf8').on('data', output)
      }
    }
    return supervisor
  } finally {
    if (logFile !== undefined) closeSync(logFile)
  }
}

function openEmptied(file: string): number {
  mkdirSync(dirname(file), { recursive: true })
  return openSync(file, 'w')
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Already gone.
  }
}
