import type { TSchema } from 'typebox'
import { DRIVER_PASSWORD, ENV_FILE } from './env-file.ts'
import type { Environment } from './environment.ts'
import type { SettingNotes } from './setting-forms.ts'
import { listSettings } from './settings-schema.ts'

/** A file with secrets in it. */
export interface SecretFile {
  /** Of the setting that names it, or of the secrets that it holds. */
  readonly names: readonly string[]
  readonly path: string
}

/** `file`: what `.env` holds, which whoever reads it learns, whether it counts or not. */
export function listSecretFiles(env: Environment, file: Environment): SecretFile[] {
  const settings = listSettings()
  const named = settings
    .filter(({ schema }) => schema.isSecretFile === true)
    .map(({ name }) => ({ names: [name], path: (env[name] ?? file[name] ?? '').trim() }))
    .filter(({ path }) => path !== '')
  const held = settings
    .filter(({ name, schema }) => isSecret(file[name]?.trim() ?? '', schema))
    .map(({ name }) => name)
  const names = file[DRIVER_PASSWORD] === undefined ? held : [...held, DRIVER_PASSWORD]
  return names.length === 0 ? named : [...named, { names, path: ENV_FILE }]
}

function isSecret(text: string, schema: TSchema & SettingNotes): boolean {
  if (schema.isSecret === true) return text !== ''
  return schema.mayHoldSecret === true && (URL.parse(text)?.password ?? '') !== ''
}
