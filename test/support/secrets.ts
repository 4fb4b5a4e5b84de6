import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { listSettings } from '../../src/config/settings-schema.ts'

/** A shorter one is a part of many texts. */
const LENGTH_MIN = 4

/** Of a file in PEM, a line that is a part of a key and not of its frame. */
const KEY_LINE_LENGTH_MIN = 40

/** Every secret that these settings hold, in files and addresses too, in the forms that a text may have it. */
export function secretsOf(settings: Readonly<Record<string, string | undefined>>): string[] {
  const found = listSettings().flatMap(({ name, schema }) => {
    const text = settings[name] ?? ''
    if (text === '') return []
    if (schema.isSecret === true) return [text]
    if (schema.mayHoldSecret === true) return passwordsOf(text)
    return /_FILE$|_KEY_LOCATION$/.test(name) ? contentOf(text) : []
  })
  return [...new Set(found.filter((secret) => secret.length >= LENGTH_MIN).flatMap(formsOf))]
}

/** Whatever a process of ours wrote, and whatever it was started with. */
export function assertNoSecret(
  text: string,
  settings: Readonly<Record<string, string | undefined>>,
): void {
  const shown = secretsOf(settings).filter((secret) => text.includes(secret))
  assert.deepEqual(shown, [], `a secret is shown in:\n${text}`)
}

/** As it is, in a text of JSON, and in an address. */
function formsOf(secret: string): string[] {
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]
}

function passwordsOf(address: string): string[] {
  const password = URL.parse(address)?.password ?? ''
  try {
    return [password, decodeURIComponent(password)]
  } catch {
    return [password]
  }
}

/** Certificates are for everybody. Of a private key each line is a secret: it may be shown in part. */
function contentOf(path: string): string[] {
  const text = readText(path)
  if (!text.includes('-----BEGIN')) return [text]
  const keys = text.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+/g) ?? []
  return keys.flatMap((key) => key.split('\n').filter(isKeyLine))
}

function isKeyLine(line: string): boolean {
  return line.length >= KEY_LINE_LENGTH_MIN && !line.startsWith('-')
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}
