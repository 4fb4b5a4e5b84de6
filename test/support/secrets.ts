import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { listSettings } from '../../src/config/settings-schema.ts'

/** A shorter one is a part of many texts. */
const LENGTH_MIN = 4

/** Every secret that these settings hold, in files and addresses too, and as it is written there. */
export function secretsOf(settings: Readonly<Record<string, string | undefined>>): string[] {
  const found = listSettings().flatMap(({ name, schema }) => {
    const text = settings[name] ?? ''
    if (text === '') return []
    if (schema.isSecret === true) return [text]
    if (schema.mayHoldSecret === true) return passwordsOf(text)
    return name.endsWith('_FILE') ? contentOf(text) : []
  })
  return found.filter((secret) => secret.length >= LENGTH_MIN)
}

/** Whatever a process of ours wrote, and whatever it was started with. */
export function assertNoSecret(
  text: string,
  settings: Readonly<Record<string, string | undefined>>,
): void {
  const shown = secretsOf(settings).filter((secret) => text.includes(secret))
  assert.deepEqual(shown, [], `a secret is shown in:\n${text}`)
}

function passwordsOf(address: string): string[] {
  const password = URL.parse(address)?.password ?? ''
  try {
    return [password, decodeURIComponent(password)]
  } catch {
    return [password]
  }
}

function contentOf(path: string): string[] {
  try {
    return [readFileSync(path, 'utf8').trim()]
  } catch {
    return []
  }
}
