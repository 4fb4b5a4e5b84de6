import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export interface Child extends AsyncDisposable {
  /** The next line that it prints; rejects when it ends before. */
  nextLine(): Promise<string>
  send(line: string): void
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>
}

/** Runs a script of `fixtures/` in a process of its own, which dies with the test at the latest. */
export function startChild(fixture: string, ...args: readonly string[]): Child {
  const script = new URL(`./fixtures/${fixture}`, import.meta.url).pathname
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exit = once(child, 'exit')
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()

  async function kill(): Promise<void> {
    child.kill('SIGKILL')
    await exit
  }

  return {
    async nextLine() {
      const { value, done } = await lines.next()
      assert.ok(done !== true, `${fixture} has ended without a word`)
      return value
    },
    send: (line) => void child.stdin.write(`${line}\n`),
    kill,
    [Symbol.asyncDispose]: kill,
  }
}
