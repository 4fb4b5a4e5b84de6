import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const commandTimeoutMs = 20_000

/** The oldest Java that Kafka 4 and the registry run on. */
export const javaVersionMin = 17

export type FoundJava =
  | { readonly kind: 'found'; readonly command: string }
  | { readonly kind: 'too-old'; readonly version: number }
  | { readonly kind: 'missing' }

/** `JAVA_HOME` first, as Maven does it, then PATH. */
export async function findJava(): Promise<FoundJava> {
  const command = javaHomeCommand() ?? 'java'
  const output = await outputOf(command, ['-version'])
  const version = output === undefined ? undefined : parseJavaVersion(output)
  if (version === undefined) return { kind: 'missing' }
  return version < javaVersionMin ? { kind: 'too-old', version } : { kind: 'found', command }
}

/** `openjdk version "17.0.15"` → 17, `java version "1.8.0_412"` → 8. */
export function parseJavaVersion(output: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(output)
  return match === null ? undefined : Number(match[1])
}

export async function hasMaven(): Promise<boolean> {
  return (await outputOf('mvn', ['-version'])) !== undefined
}

export async function hasDockerCompose(): Promise<boolean> {
  return (await outputOf('docker', ['compose', 'version'])) !== undefined
}

function javaHomeCommand(): string | undefined {
  const home = process.env['JAVA_HOME']
  if (home === undefined || home === '') return undefined
  const command = join(home, 'bin', 'java')
  return existsSync(command) ? command : undefined
}

/** Undefined when the command is not there or fails: on macOS a stub `java` exists that only fails. */
async function outputOf(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(command, args, { timeout: commandTimeoutMs })
    return stdout + stderr
  } catch {
    return undefined
  }
}
