import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Question, Reply } from './serve-commands.ts'

/** A script of this folder in a process of its own, so that no other work makes it late. */
export class HelperProcess<
  Commands extends { [Name in keyof Commands]: (args: never) => Promise<unknown> },
> implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>()
  #lastId = 0

  constructor(script: string, nice = 0) {
    const path = fileURLToPath(new URL(script, import.meta.url))
    // JSON has no Infinity.
    this.#child = fork(path, { execArgv: [], serialization: 'advanced' })
    if (nice > 0) setPriority(this.pid, nice)
    this.#exited = once(this.#child, 'exit').then(() => {
      const error = new Error(`${script} has ended`)
      for (const { reject } of this.#open.values()) reject(error)
    })
    this.#child.on('message', (reply: Reply) => {
      const asked = this.#open.get(reply.id)
      this.#open.delete(reply.id)
      if ('error' in reply) asked?.reject(new Error(`${script}: ${reply.error}`))
      else asked?.resolve(reply.result)
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Each command bounds its own time. Rejects when the process ends. */
  ask<Name extends keyof Commands & string>(
    command: Name,
    args: Parameters<Commands[Name]>[0],
  ): Promise<Awaited<ReturnType<Commands[Name]>>> {
    const asked = Promise.withResolvers<unknown>()
    this.#lastId += 1
    this.#open.set(this.#lastId, asked)
    this.#child.send({ id: this.#lastId, command, args } satisfies Question)
    return asked.promise as Promise<Awaited<ReturnType<Commands[Name]>>>
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    await this.#exited
  }
}
