import { Load, type LoadOptions } from './load.ts'
import type { Span } from './samples.ts'
import { serveCommands } from './serve-commands.ts'
import type { LoadReport } from './tally.ts'

/** The load generator's process: one load, opened and run once. */
export interface LoadCommands {
  /** How many connections there are. */
  open(options: LoadOptions): Promise<number>
  run(span: Span): Promise<LoadReport>
}

let load: Load | undefined

serveCommands({
  async open(options) {
    load = new Load(options)
    return load.open()
  },
  async run({ fromMs, untilMs }) {
    if (load === undefined) throw new Error('not opened')
    const { timeOrigin } = performance
    const report = await load.run({ fromMs: fromMs - timeOrigin, untilMs: untilMs - timeOrigin })
    load.close()
    return report
  },
} satisfies LoadCommands)
