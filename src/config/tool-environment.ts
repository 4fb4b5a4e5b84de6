import process from 'node:process'
import { readEnvFile } from './env-file.ts'
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
  const read = readEnvFile()
  const file = read.kind === 'read' ? read.env : {}
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name, value]) => file[name] !== value),
  )
  return explainSettings(env, file)
}
