import { readFileSync } from 'node:fs'
import { audit } from './audit/audit.ts'
import { EXIT_CODES, renderCommandHelp, UsageError, type Command, type Print } from './command.ts'
import { config } from './config.ts'
import { create } from './change/create.ts'
import { demo } from './demo/demo.ts'
import { doctor } from './doctor/doctor.ts'
import { listen } from './listen/listen.ts'
import { schemaCheck } from './schema-check/schema-check.ts'
import { update } from './change/update.ts'

/** THE table of commands, by the words that call them. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  listen,
  create,
  update,
  demo,
  doctor,
  config,
  audit,
  'schema check': schemaCheck,
}

/** Finds the command that the words call and runs it; resolves with the exit code. */
export async function runCart(words: readonly string[], print: Print): Promise<number> {
  const name = [2, 1]
    .map((count) => words.slice(0, count).join(' '))
    .find((candidate) => Object.hasOwn(COMMANDS, candidate))
  const command = name === undefined ? undefined : COMMANDS[name]
  if (name === undefined || command === undefined) return answerWithoutCommand(words, print)
  const args = words.slice(name.split(' ').length)
  if (asksForHelp(args)) {
    print.out(renderCommandHelp(name, command))
    return 0
  }
  try {
    return await command.run(args, print)
  } catch (error) {
    print.progress(error instanceof Error ? error.message : String(error))
    if (isUsageError(error)) print.progress(`See: cart ${name} --help`)
    return 2
  }
}

function answerWithoutCommand(words: readonly string[], print: Print): number {
  const [first] = words
  if (first === '--version') {
    print.out(readVersion())
    return 0
  }
  if (first === 'help' || asksForHelp(words)) {
    print.out(renderHelp())
    return 0
  }
  if (first !== undefined) print.progress(`There is no command '${first}'.\n`)
  print.progress(renderHelp())
  return 2
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}

function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--')
  return (end < 0 ? words : words.slice(0, end)).some((word) => word === '--help' || word === '-h')
}

function isUsageError(error: unknown): boolean {
  if (error instanceof UsageError) return true
  return (
    error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')
  )
}

export function renderHelp(): string {
  const width = Math.max(...Object.keys(COMMANDS).map(({ length }) => length))
  return [
    'Usage: cart <command> [options]',
    '',
    ...Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'cart <command> --help shows its options, cart --version the version.',
    `Exit codes: ${Object.entries(EXIT_CODES)
      .map(([code, meaning]) => `${code} ${meaning}`)
      .join(', ')}.`,
    'The settings are those of the service: environment variables, or a .env file.',
  ].join('\n')
}
