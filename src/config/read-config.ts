import process from 'node:process'
import { ConfigError, loadConfig, type Config, type Reader } from './config.ts'
import { readEnvFile } from './env-file.ts'
import type { Environment } from './environment.ts'

/**
 * The configuration of this process: its environment, completed from the `.env` file of the working
 * directory where there is one. What the environment already says wins.
 * Throws `ConfigError` with all problems at once.
 */
export function readConfig(reader: Reader = 'tool'): Config {
  return loadConfig(readEnvironment(), reader)
}

/** The same as texts. The drivers find theirs in it, too, such as PGPASSWORD. */
function readEnvironment(): Environment {
  const file = readEnvFile()
  if (file.kind === 'refused') throw new ConfigError([file.problem])
  if (file.kind === 'read') {
    for (const [name, value] of Object.entries(file.env)) process.env[name] ??= value
  }
  return process.env
}
