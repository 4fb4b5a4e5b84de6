import { readFileSync } from 'node:fs'
import type { Config } from '../config/config.ts'

/**
 * What a command shows to the service. It comes from the settings, because the whole machine can read the
 * command line of a process. The file is read each time, so that a short token may be in it.
 */
export function credentialHeader({ callers }: Pick<Config, 'callers'>): {
  readonly authorization?: string
} {
  const { credential } = callers
  if (credential === undefined) return {}
  const text =
    credential.kind === 'text' ? credential.text : readFileSync(credential.path, 'utf8').trim()
  return { authorization: `Bearer ${text}` }
}
