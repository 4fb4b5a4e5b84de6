import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { assertNoSecret } from './secrets.ts'
import { until } from './until.ts'

const CART = fileURLToPath(new URL('../../src/cli/cart.ts', import.meta.url))

/** The process ends by itself after this, whatever becomes of the test. */
const LIFE_MS_MAX = 5 * 60_000

export interface CartResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** These settings, and what the run of the tests has compiled: half of a short command is compiling. */
function environment(settings: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const folder = process.env['NODE_COMPILE_CACHE']
  return folder === undefined ? settings : { NODE_COMPILE_CACHE: folder, ...settings }
}

/** No file gets longer than a block, as on a disk that is nearly full. */
const LIMITED = 'ulimit -f 1; exec "$0" "$@"'

/** Runs `cart` to its end, with these settings and no others. */
export function runCart(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { hasFullDisk = false } = {},
): Promise<CartResult> {
  const command = [process.execPath, CART, ...args]
  const [program = '', ...rest] = hasFullDisk ? ['/bin/sh', '-c', LIMITED, ...command] : command
  return new Promise((resolve, reject) => {
    const options = {
      // What is compiled would be kept in files, too.
      env: hasFullDisk ? env : environment(env),
      timeout: LIFE_MS_MAX,
      maxBuffer: 64 * 1024 * 1024,
    }
    execFile(program, rest, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code)
      try {
        assertNoSecret(stdout + stderr, env)
        resolve({ code, stdout, stderr })
      } catch (leak) {
        reject(leak)
      }
    })
  })
}

/** A command that goes on; disposing of it kills it. */
export interface RunningCart extends AsyncDisposable {
  readonly lines: readonly string[]
  readonly stderr: () => string
  /** Waits for so many lines on stdout. */
  untilLines(count: number): Promise<void>
  /** Closes its stdout, as `head` does. */
  closeOutput(): void
  signal(name: NodeJS.Signals): void
  /** Null after a signal. */
  readonly exited: Promise<number | null>
}

export function startCart(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): RunningCart {
  const child = spawn(process.execPath, [CART, ...args], {
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIFE_MS_MAX,
  })
  const lines: string[] = []
  let rest = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  const exited = once(child, 'exit').then(() => {
    assertNoSecret([...lines, rest, stderr].join('\n'), env)
    return child.exitCode
  })
  return {
    lines,
    stderr: () => stderr,
    untilLines: (count) =>
      until(
        () => lines.length >= count,
        () => `there are ${count} lines; there were ${lines.length}, and on stderr:\n${stderr}`,
      ),
    closeOutput: () => void child.stdout.destroy(),
    signal: (name) => void child.kill(name),
    exited,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await exited
    },
  }
}
