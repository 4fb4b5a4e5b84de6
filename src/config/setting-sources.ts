import { existsSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { parseEnv } from 'node:util'
import type { Environment } from './config.ts'
import { ENV_FILE } from './read-config.ts'
import type { SettingNotes } from './setting-forms.ts'
import { listSettings } from './settings-schema.ts'

export type SettingSource = 'environment' | '.env' | 'default' | 'unset'

export interface EffectiveSetting {
  readonly name: string
  /** As it may be shown: without secrets. Undefined: unset, and without a default. */
  readonly value: string | undefined
  readonly source: SettingSource
}

/** What holds for this process, and where each value comes from; also while some are not usable. */
export function readSettingSources(): {
  readonly env: Environment
  readonly settings: readonly EffectiveSetting[]
} {
  const file = existsSync(ENV_FILE) ? parseEnv(readFileSync(ENV_FILE, 'utf8')) : {}
  const settings = explainSettings(process.env, file)
  // As process.loadEnvFile does it: what the environment has, blank or not, stays.
  return { env: { ...file, ...process.env }, settings }
}

export function explainSettings(env: Environment, file: Environment): EffectiveSetting[] {
  return listSettings().map(({ name, schema }) => {
    const isInEnvironment = env[name] !== undefined
    const text = ((isInEnvironment ? env[name] : file[name]) ?? '').trim()
    if (text !== '') {
      const source = isInEnvironment ? 'environment' : '.env'
      return { name, value: showable(text, schema), source }
    }
    if (schema.default === undefined) return { name, value: undefined, source: 'unset' }
    return { name, value: String(schema.default), source: 'default' }
  })
}

/**
 * An address keeps all but its credentials: those before the `@`, which may hold every character, and
 * parameters that are named like one.
 */
function showable(text: string, { isSecret }: SettingNotes): string {
  if (isSecret === true) return '***'
  return text
    .replace(/^([a-z][\w+.-]*:\/\/)?.*@/is, '$1***@')
    .replaceAll(/([?&][^=&]*(?:pass|secret|token|key)[^=&]*=)[^&]*/gi, '$1***')
}
