import type { Command } from '../command.ts'

/** What can follow the words of a command, as all shells need it. */
export interface CompletedCommand {
  /** `schema check` is two words. */
  readonly words: readonly string[]
  readonly summary: string
  readonly options: readonly CompletedOption[]
  /** By place; empty where anything may stand. */
  readonly argumentChoices: ReadonlyArray<readonly string[]>
  /** Its arguments are files. */
  readonly takesFiles: boolean
}

export interface CompletedOption {
  /** With its dashes. */
  readonly flag: string
  readonly summary: string
  readonly takesValue: boolean
  readonly choices: readonly string[]
  readonly isFile: boolean
}

const FILE = /<(?:file|path)>/

const HELP_FLAG: CompletedOption = {
  flag: '--help',
  summary: 'what the command does, and its options',
  takesValue: false,
  choices: [],
  isFile: false,
}

export function completionWords(
  commands: Readonly<Record<string, Command>>,
): readonly CompletedCommand[] {
  return Object.entries(commands).map(([name, command]) => ({
    words: name.split(' '),
    summary: firstWords(command.summary),
    options: [
      ...Object.entries(command.options).map(([option, { value, choices = [], description }]) => ({
        flag: `--${option}`,
        summary: firstWords(description),
        takesValue: value !== undefined,
        choices,
        isFile: value !== undefined && FILE.test(value),
      })),
      HELP_FLAG,
    ],
    argumentChoices: command.parameterChoices ?? [],
    takesFiles: FILE.test(command.parameters ?? ''),
  }))
}

/** A shell shows it beside the word: its first clause, without what shells read as their own. */
function firstWords(text: string): string {
  return (text.split(/[;:(]|, /)[0] ?? '').trim().replaceAll(/['"`$\\[\]]/gu, '')
}

/** The first words of all commands, each once. */
export function firstWordsOf(commands: readonly CompletedCommand[]): readonly string[] {
  return [...new Set(commands.map(({ words: [first = ''] }) => first))]
}

/** Those of two words, by the first one. */
export function secondWordsOf(commands: readonly CompletedCommand[], first: string): string[] {
  return commands.flatMap(({ words: [one, second] }) =>
    one === first && second !== undefined ? [second] : [],
  )
}
