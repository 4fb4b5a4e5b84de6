import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { callerFolder } from '../../config/caller-folder.ts'
import { readConfig } from '../../config/read-config.ts'
import type { SubjectCheck } from '../../service/schema-registry/schema-check.ts'
import { JSON_OPTION, UsageError, type Command } from '../command.ts'

const options = { json: JSON_OPTION }

export const schemaCheck: Command = {
  summary: 'asks the registry whether the schema may stand beside every registered version',
  parameters: '[<file>]',
  options,
  examples: [[], ['order.avsc']],
  exitCodes: { 0: 'compatible, or nothing is registered yet', 1: 'not compatible' },
  async run(args, print) {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [file, ...others] = positionals
    if (others.length > 0) throw new UsageError('One file, or none for schemas/order.avsc')
    const schema = file === undefined ? undefined : readSchema(file)
    // Only now: the other commands need not wait until the clients are loaded.
    const { checkSchemas } = await import('./check-schemas.ts')
    const checks = await checkSchemas(readConfig(), schema)
    const isCompatible = checks.every(isWell)
    if (values.json) print.out(JSON.stringify({ isCompatible, subjects: checks }))
    else for (const line of checks.flatMap(describe)) print.out(line)
    return isCompatible ? 0 : 1
  },
}

function readSchema(file: string): string {
  const text = readFileSync(resolve(callerFolder(), file), 'utf8')
  try {
    return JSON.stringify(JSON.parse(text))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${file} is not JSON: ${reason}`, { cause: error })
  }
}

function isWell({ versions }: SubjectCheck): boolean {
  return versions.every(({ isCompatible }) => isCompatible)
}

function describe({ subject, level, versions }: SubjectCheck): string[] {
  if (versions.length === 0) return [`${subject}: nothing is registered yet, so nothing can break`]
  const verdict = isWell({ subject, level, versions }) ? 'compatible' : 'NOT compatible'
  return [
    `${subject}: ${verdict} (${level ?? 'no level of its own yet: as FULL_TRANSITIVE'})`,
    ...versions.flatMap(({ version, schemaId, isCompatible, reasons }) => [
      `  version ${version} (schema id ${schemaId}): ${isCompatible ? 'compatible' : 'NOT compatible'}`,
      ...reasons.map((reason) => `    - ${reason}`),
    ]),
  ]
}
