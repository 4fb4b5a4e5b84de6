import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readConfig } from '../../config/read-config.ts'
import { cartCall } from '../cart-call.ts'
import { JSON_OPTION, UsageError, type Command } from '../command.ts'
import { marksFileOf, readMarks } from './marks.ts'
import { linesOfRebuild, reportProgress } from './rebuild.ts'

const options = { json: JSON_OPTION }

export const restore: Command = {
  summary:
    'puts a backup of the SQLite store in the place of a lost one, and completes it from the topic',
  parameters: '<file>',
  options,
  examples: [['cart-backup.db']],
  exitCodes: {
    0: 'the store has every event of the topic',
    1: 'it is restored, and not completed; the output says why',
  },
  async run(args, print) {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [file] = positionals
    if (file === undefined || positionals.length > 1) throw new UsageError('Name one backup')
    const config = readConfig()
    const marksFile = marksFileOf(file)
    const completing = cartCall('rebuild', '--marks', marksFile)
    if (config.database.kind === 'postgres') {
      throw new Error(`Restore the database with the tools that copied it, then run: ${completing}`)
    }
    if (!existsSync(marksFile)) throw new Error(`${marksFile} is missing: a backup is both files`)
    const marks = readMarks(marksFile)
    // Only now: the other commands need not wait until the clients are loaded.
    const { restoreFile } = await import('./run-backup.ts')
    const { runRebuild } = await import('./run-rebuild.ts')
    print.status?.(`copying from ${file}`)
    await restoreFile(file, config.database.path)
    print.progress(
      `${config.database.path} is restored; it is completed now. If this fails: ${completing}`,
    )
    const report = await runRebuild(config, {
      marks,
      acceptsLoss: false,
      isRehearsal: false,
      onProgress: reportProgress(print),
    })
    if (values.json) print.out(JSON.stringify(report))
    else for (const line of linesOfRebuild(report)) print.out(line)
    return report.isComplete ? 0 : 1
  },
}
