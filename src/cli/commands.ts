import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ConfigError } from '../config/config.ts'
import { audit } from './audit/audit.ts'
import { backup } from './backup/backup.ts'
import { rebuild } from './backup/rebuild.ts'
import { restore } from './backup/restore.ts'
import { cartCall } from './cart-call.ts'
import { UsageError, type Command, type Print } from './command.ts'
import { completionOf } from './completion/completion.ts'
import { config } from './config.ts'
import { create } from './change/create.ts'
import { demo } from './demo/demo.ts'
import { doctor } from './doctor/doctor.ts'
import { newKey } from './keys/new-key.ts'
import { erase } from './erase/erase.ts'
import { listen } from './listen/listen.ts'
import { get } from './orders/get.ts'
import { list } from './orders/list.ts'
import { open } from './orders/open.ts'
import { migrate } from './migrate/migrate.ts'
import { nearest } from './nearest.ts'
import { visible } from './paint.ts'
import { renderCommandHelp, renderHelp } from './render-help.ts'
import { replay } from './replay/replay.ts'
import { retire } from './retire/retire.ts'
import { schemaCheck } from './schema-check/schema-check.ts'
import { update } from './change/update.ts'

/** Before the words of a command it shows that command's help. */
const HELP = 'help'

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
  erase,
  replay,
  'schema check': schemaCheck,
  'keys new': newKey,
  completion: completionOf(() => COMMANDS),
}

/**
 * Finds the command that the words call and runs it; resolves with the exit code. Whatever a command
 * prints goes through here, a line at a time: text of others reaches no terminal as it is.
 */
export async function runCart(words: readonly string[], terminal: Print): Promise<number> {
  const print: Print = {
    out: (line) => terminal.out(visible(line)),
    progress: (line) => terminal.progress(visible(line)),
    status: terminal.status && ((line) => terminal.status?.(visible(line))),
  }
  const called = findCommand(words)
  if (called === undefined) return answerWithoutCommand(words, print)
  const { name, command, args } = called
  if (asksForHelp(args)) {
    for (const line of renderCommandHelp(name, command)) print.out(line)
    return 0
  }
  try {
    return await command.run(args, print)
  } catch (error) {
    for (const line of describeError(error, called)) print.progress(line)
    if (isUsageError(error)) print.progress(`See: ${cartCall(...name.split(' '), '--help')}`)
    return 2
  } finally {
    print.status?.('')
  }
}

interface Called {
  readonly name: string
  readonly command: Command
  readonly args: readonly string[]
}

function findCommand(words: readonly string[]): Called | undefined {
  const name = [2, 1]
    .map((count) => words.slice(0, count).join(' '))
    .find((candidate) => Object.hasOwn(COMMANDS, candidate))
  const command = name === undefined ? undefined : COMMANDS[name]
  if (name === undefined || command === undefined) return undefined
  return { name, command, args: words.slice(name.split(' ').length) }
}

function answerWithoutCommand(words: readonly string[], print: Print): number {
  const [first, ...others] = words
  if (first === '--version') {
    print.out(readVersion())
    return 0
  }
  const isHelp = first === HELP || asksForHelp(words)
  const asked = (first === HELP ? others : words).filter((word) => !word.startsWith('-'))
  if (isHelp && asked.length === 0) {
    for (const line of renderHelp(COMMANDS)) print.out(line)
    return 0
  }
  const called = first === HELP ? findCommand(asked) : undefined
  if (called !== undefined) {
    for (const line of renderCommandHelp(called.name, called.command)) print.out(line)
    return 0
  }
  if (first === undefined) for (const line of renderHelp(COMMANDS)) print.progress(line)
  else for (const line of describeUnknown(first === HELP ? others : words)) print.progress(line)
  return 2
}

/** Of two words the second one may be an argument: so both readings are looked for. */
function describeUnknown(words: readonly string[]): string[] {
  const names = [...Object.keys(COMMANDS), HELP]
  const meant = [2, 1].map((count) => nearest(words.slice(0, count).join(' '), names))
  const likely = meant.find((found) => found.length > 0) ?? []
  return [`There is no command '${words[0] ?? ''}'.${didYouMean(likely)}`, `See: ${cartCall(HELP)}`]
}

function didYouMean(names: readonly string[]): string {
  return names.length === 0 ? '' : ` Did you mean ${names.map((name) => `'${name}'`).join(' or ')}?`
}

function describeError(error: unknown, called: Called): readonly string[] {
  if (error instanceof ConfigError) return error.problems
  if (codeOf(error) === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return [describeUnknownOption(called)]
  return [error instanceof Error ? error.message : String(error)]
}

function describeUnknownOption({ name, command: { options }, args }: Called): string {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true })
  const unknown = tokens.find((token) => token.kind === 'option' && !(token.name in options))
  const word = unknown?.kind === 'option' ? unknown.rawName : ''
  const names = Object.keys(options).map((option) => `--${option}`)
  return `cart ${name} has no option '${word}'.${didYouMean(nearest(word, names))}`
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
  return error instanceof UsageError || codeOf(error).startsWith('ERR_PARSE_ARGS_')
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
