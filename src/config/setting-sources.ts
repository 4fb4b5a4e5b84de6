import process from 'node:process'
import type { TSchema } from 'typebox'
import { Check } from 'typebox/schema'
import { readEnvFile } from './env-file.ts'
import type { Environment } from './environment.ts'
import { listSecretFiles, type SecretFile } from './secret-files.ts'
import type { SettingNotes } from './setting-forms.ts'
import { withoutCredentials } from './setting-text.ts'
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
  /** Why the file cannot be used, as a list of one or none. */
  readonly problems: readonly string[]
  readonly secretFiles: readonly SecretFile[]
} {
  const read = readEnvFile()
  const file = read.kind === 'read' ? read.env : {}
  const settings = explainSettings(process.env, file)
  const problems = read.kind === 'refused' ? [read.problem] : []
  // As for the service: what the environment has, blank or not, stays.
  const env = { ...file, ...process.env }
  return { env, settings, problems, secretFiles: listSecretFiles(process.env, file) }
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

function showable(text: string, schema: TSchema & SettingNotes): string {
  if (schema.isSecret === true) return '***'
  if (schema.mayHoldSecret === true) return withoutCredentials(text) ?? '***'
  // What is refused may be an address, with credentials where it has no place for them.
  return text.includes('@') && !Check(schema, text) ? '***' : text
}
