import { readFileSync } from 'node:fs'
import { ConfigError } from '../config/config.ts'
import { audit } from './audit/audit.ts'
import { backup } from './backup/backup.ts'
import { rebuild } from './backup/rebuild.ts'
import { restore } from './backup/restore.ts'
import { cartCall } from './cart-call.ts'
import { EXIT_CODES, renderCommandHelp, UsageError, type Command, type Print } from './command.ts'
import { config } from './config.ts'
import { create } from './change/create.ts'
import { demo } from './demo/demo.ts'
import { doctor } from './doctor/doctor.ts'
import { newKey } from './keys/new-key.ts'
import { listen } from './listen/listen.ts'
import { get } from './orders/get.ts'
import { list } from './orders/list.ts'
import { open } from './orders/open.ts'
import { migrate } from './migrate/migrate.ts'
import { visible } from './paint.ts'
import { replay } from './replay/replay.ts'
import { retire } from './retire/retire.ts'
import { schemaCheck } from './schema-check/schema-check.ts'
import { update } from './change/update.ts'

/** THE table of commands, by the words that call them. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  create,
  update,
  get,
  list,
  open,
  listen,
  demo,
  doctor,
  config,
  audit,
  migrate,
  backup,
  restore,
  rebuild,
  retire,
  replay,
  'schema check': schemaCheck,
  'keys new': newKey,
}

/**
 * Finds the command that the words call and runs it; resolves with the exit code. Whatever a command
 * prints goes through here, a line at a time: text of others reaches no terminal as it is.
 */
export async function runCart(words: readonly string[], terminal: Print): Promise<number> {
  const print: Print = {
    out: (line) => terminal.out(visible(line)),
    progress: (line) => terminal.progress(visible(line)),
  }
  const name = [2, 1]
    .map((count) => words.slice(0, count).join(' '))
    .find((candidate) => Object.hasOwn(COMMANDS, candidate))
  const command = name === undefined ? undefined : COMMANDS[name]
  if (name === undefined || command === undefined) return answerWithoutCommand(words, print)
  const args = words.slice(name.split(' ').length)
  if (asksForHelp(args)) {
    printText(print.out, renderCommandHelp(name, command))
    return 0
  }
  try {
    return await command.run(args, print)
  } catch (error) {
    for (const line of linesOf(error)) print.progress(line)
    if (isUsageError(error)) print.progress(`See: ${cartCall(...name.split(' '), '--help')}`)
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
    printText(print.out, renderHelp())
    return 0
  }
  if (first !== undefined) {
    print.progress(`There is no command '${first}'.`)
    print.progress('')
  }
  printText(print.progress, renderHelp())
  return 2
}

/** Text of ours, whose line breaks are meant. */
function printText(print: Print['out'], text: string): void {
  for (const line of text.split('\n')) print(line)
}

function linesOf(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.problems
  return [error instanceof Error ? error.message : String(error)]
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
    `cart <command> --help shows its options, for example: ${cartCall('create', '--help')}`,
    `Exit codes: ${Object.entries(EXIT_CODES)
      .map(([code, meaning]) => `${code} ${meaning}`)
      .join(', ')}.`,
    'The settings are those of the service: environment variables, or a .env file.',
  ].join('\n')
}
