import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'
import type { RequestShape } from './request-maker.ts'

export interface LoadPlan extends RequestShape {
  readonly url: string
  readonly connections: number
  readonly seconds: number
  /** As fast as it is answered, where it is absent. */
  readonly perSecond?: number
}

export interface LoadFigures {
  /** With 200 or 201. */
  readonly answered: number
  readonly failed: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Of the generator, from its first request to its last answer. */
  readonly cpuMicros: number
}

export interface PreparedLoad {
  run(): Promise<LoadFigures>
}

const GENERATOR = new URL('generate-load.ts', import.meta.url).pathname

/** Resolves when its connections are open and the orders exist that it will update. */
export async function prepareLoad(plan: LoadPlan): Promise<PreparedLoad> {
  const child = spawn(process.execPath, [GENERATOR, JSON.stringify(plan)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const readLine = async (): Promise<string> => {
    const { value } = (await lines.next()) as { value: string | undefined }
    assert.ok(value !== undefined, 'the load generator ended before its time')
    return value
  }
  await readLine()
  return {
    async run() {
      child.stdin.end('go\n')
      const figures = JSON.parse(await readLine()) as LoadFigures
      await exited
      return figures
    },
  }
}

export async function runLoad(plan: LoadPlan): Promise<LoadFigures> {
  return (await prepareLoad(plan)).run()
}
