import process from 'node:process'
import { parseArgs } from 'node:util'
import { ConfigError, loadConfig } from '../config/config.ts'
import type { Environment } from '../config/environment.ts'
import { findNearNames } from '../config/near-names.ts'
import { readSettingSources, type EffectiveSetting } from '../config/setting-sources.ts'
import { JSON_OPTION, type Command } from './command.ts'
import { paintFor, type Paint } from './paint.ts'

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
      for (const line of describeSettings(settings, paintFor(process.stdout))) print.out(line)
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

export function describeSettings(settings: readonly EffectiveSetting[], paint: Paint): string[] {
  const nameWidth = Math.max(...settings.map(({ name }) => name.length))
  const valueWidth = Math.max(...settings.map(({ value = '' }) => value.length))
  return settings.map(({ name, value = '', source }) => {
    const isOwn = source === 'environment' || source === '.env'
    const line = `${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${source}`
    return isOwn ? paint('bold', line) : line
  })
}
