import { parseArgs } from 'node:util'
import { readConfig } from '../../config/read-config.ts'
import { JSON_OPTION, UsageError, type Command } from '../command.ts'

const options = { json: JSON_OPTION }

export const backup: Command = {
  summary:
    'copies the SQLite store while it is used, and notes what the topic holds; with PostgreSQL the note alone',
  parameters: '<file>',
  options,
  examples: [['cart-backup.db']],
  exitCodes: { 0: 'the backup is whole' },
  async run(args, print) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
    })
    const [file] = positionals
    if (file === undefined || positionals.length > 1) throw new UsageError('Name one file')
    // Only now: the other commands need not wait until the clients are loaded.
    const { runBackup } = await import('./run-backup.ts')
    print.status?.(`copying to ${file}`)
    const report = await runBackup(readConfig(), file)
    if (values.json) print.out(JSON.stringify(report))
    else if (report.file === undefined) {
      print.out(
        `${report.marksFile} says what the topic holds. Now copy the database: pg_dump, or your own way.`,
      )
    } else {
      print.out(
        `${report.file} has ${report.eventCount} events; ${report.marksFile} says what the topic holds.`,
      )
    }
    return 0
  },
}
