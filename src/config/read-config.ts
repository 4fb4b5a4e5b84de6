import { existsSync } from 'node:fs'
import process from 'node:process'
import { loadConfig, type Config, type Reader } from './config.ts'

export const ENV_FILE = '.env'

/**
 * The configuration of this process: its environment, completed from the `.env` file of the working
 * directory where there is one. What the environment already says wins.
 * Throws `ConfigError` with all problems at once.
 */
export function readConfig(reader: Reader = 'tool'): Config {
  if (existsSync(ENV_FILE)) process.loadEnvFile(ENV_FILE)
  return loadConfig(process.env, reader)
}
