import { parseArgs } from 'node:util'
import { cloneCall } from '../cart-call.ts'
import { JSON_OPTION, UsageError, type Command } from '../command.ts'
import { choiceOf } from '../parse-values.ts'
import { bashCompletion } from './bash.ts'
import { completionWords } from './completion-words.ts'
import { fishCompletion } from './fish.ts'
import { zshCompletion } from './zsh.ts'

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const

const SHELL_NAMES = ['bash', 'zsh', 'fish'] as const

const options = {
  json: { ...JSON_OPTION, description: 'print the words that are completed as JSON' },
} as const

/** `commands`: all of them, this one among them; the table knows it, and it knows the table. */
export function completionOf(commands: () => Readonly<Record<string, Command>>): Command {
  return {
    summary: 'prints a script that makes cart a command of your shell, with completion',
    parameters: '<shell>',
    parameterChoices: [SHELL_NAMES],
    options,
    examples: [['bash'], ['zsh'], ['fish']],
    exitCodes: { 0: 'the script is printed', 1: 'not used', 2: 'there is none for this shell' },
    async run(args, print) {
      const { values, positionals } = parseArgs({
        args: [...args],
        options,
        allowPositionals: true,
      })
      const [shell, ...others] = positionals
      const isNamed = shell !== undefined && others.length === 0
      if (!isNamed) throw new UsageError(`Name one shell: ${SHELL_NAMES.join(', ')}`)
      const words = completionWords(commands())
      const script = SHELLS[choiceOf('shell', shell, SHELL_NAMES)](words, cloneCall())
      if (values.json) print.out(JSON.stringify(words))
      else for (const line of script) print.out(line)
      return 0
    },
  }
}
