import process from 'node:process'
import { parseArgs } from 'node:util'
import { ConfigError, loadConfig } from '../config/config.ts'
import type { Environment } from '../config/environment.ts'
import { findNearNames } from '../config/near-names.ts'
import { readSettingSources, type EffectiveSetting } from '../config/setting-sources.ts'
import { JSON_OPTION, type Command } from './command.ts'
import { columnsOf } from './layout.ts'
import { paintFor, type Paint } from './paint.ts'

/** The longest source, and the gaps between the columns. */
const SOURCE_COLUMNS = 'environment'.length + 4

const options = { json: JSON_OPTION } as const

export const config: Command = {
  summary: 'shows the settings that hold, and where each comes from, without secrets',
  options,
  exitCodes: {
    0: 'the settings are usable',
    1: 'some are not; the output says which',
    2: 'an option is wrong',
  },
  async run(args, print) {
    const { values } = parseArgs({ args: [...args], options })
    const { env, settings, problems: ofFile } = readSettingSources()
    const problems = [...ofFile, ...listProblems(env)]
    const hints = findNearNames(env)
    const isUsable = problems.length === 0
    if (values.json) print.out(JSON.stringify({ ok: isUsable, settings, problems, hints }))
    else {
      for (const line of listSettings(settings)) print.out(line)
      for (const line of [...problems, ...hints]) print.progress(line)
    }
    return isUsable ? 0 : 1
  },
}

function listProblems(env: Environment): readonly string[] {
  try {
    loadConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

function listSettings(settings: readonly EffectiveSetting[]): string[] {
  return describeSettings(settings, paintFor(process.stdout), columnsOf(process.stdout))
}

/** In columns, or where the terminal is too narrow for them each as it may stand in a file. */
export function describeSettings(
  settings: readonly EffectiveSetting[],
  paint: Paint,
  columns = Infinity,
): string[] {
  const nameWidth = Math.max(...settings.map(({ name }) => name.length))
  const valueWidth = Math.max(...settings.map(({ value = '' }) => value.length))
  const isNarrow = nameWidth + valueWidth + SOURCE_COLUMNS > columns
  return settings.map(({ name, value = '', source }) => {
    const isOwn = source === 'environment' || source === '.env'
    const line = isNarrow
      ? `${name}=${value}  (${source})`
      : `${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${source}`
    return isOwn ? paint('bold', line) : line
  })
}
