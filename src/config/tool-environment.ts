import { existsSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { parseEnv } from 'node:util'
import { ENV_FILE } from './read-config.ts'
import { explainSettings, type EffectiveSetting } from './setting-sources.ts'

/** For a tool that runs beside the service: the settings of the service, with some changed. */
export function toolEnvironment(changes: Readonly<Record<string, string>>): Record<string, string> {
  const own = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  return { ...Object.fromEntries(own), ...changes }
}

/**
 * The settings that hold for this process, without secrets. By now its environment has what the file
 * says, too: what is the same in both is told to be the file's.
 */
export function settingsOfProcess(): EffectiveSetting[] {
  const file = existsSync(ENV_FILE) ? parseEnv(readFileSync(ENV_FILE, 'utf8')) : {}
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name, value]) => file[name] !== value),
  )
  return explainSettings(env, file)
}
