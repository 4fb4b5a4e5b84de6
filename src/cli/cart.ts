import process from 'node:process'
import { parseArgs } from 'node:util'
import { readConfig } from '../config/read-config.ts'
import { audit } from './audit.ts'

/** The command line. Exit codes: 0 done and well, 1 done and not well, 2 could not be done. */

const USAGE = `Usage: cart audit [--json]

  audit   compares the topic with the store, also while the service runs;
          exits with 0 only when they agree

The settings are those of the service: environment variables, or a .env file.`

const print = {
  out: (line: string): void => void process.stdout.write(`${line}\n`),
  progress: (line: string): void => void process.stderr.write(`${line}\n`),
}

process.exitCode = await main().catch((error: unknown) => {
  print.progress(error instanceof Error ? error.message : String(error))
  return 2
})

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  if (positionals.length !== 1 || positionals[0] !== 'audit') {
    print.progress(USAGE)
    return 2
  }
  return audit(readConfig(), { isJson: values.json }, print)
}
