import { parseArgs } from 'node:util'
import { readConfig } from '../../config/read-config.ts'
import { JSON_OPTION, type Command } from '../command.ts'

const options = {
  check: { type: 'boolean', default: false, description: 'change nothing, say what is missing' },
  json: JSON_OPTION,
} as const

export const migrate: Command = {
  summary: 'brings the tables of the store up to date, as a start with MIGRATIONS=auto does',
  options,
  exitCodes: {
    0: 'the tables are up to date',
    1: 'with --check: they are not; the output says what is missing',
    2: 'the store cannot be reached or changed',
  },
  async run(args, print) {
    const { values } = parseArgs({ args: [...args], options })
    // Only now: the other commands need not wait until the clients are loaded.
    const { migrateStore } = await import('../../compose-clients.ts')
    const missing = await migrateStore(readConfig(), values.check ? 'check' : 'auto')
    const names = missing.map(({ name }) => name)
    const isUpToDate = !values.check || names.length === 0
    if (values.json) {
      print.out(JSON.stringify(values.check ? { missing: names } : { applied: names }))
    } else print.out(describe(names, values.check))
    return isUpToDate ? 0 : 1
  },
}

function describe(names: readonly string[], isCheck: boolean): string {
  if (names.length === 0) return 'The tables are up to date.'
  return `${isCheck ? 'Missing' : 'Applied'}: ${names.join(', ')}`
}
