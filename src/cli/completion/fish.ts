import { firstWordsOf, secondWordsOf, type CompletedCommand } from './completion-words.ts'

/** `call` runs cart. */
export function fishCompletion(commands: readonly CompletedCommand[], call: string): string[] {
  const names = firstWordsOf(commands)
  const doubles = names.filter((name) => secondWordsOf(commands, name).length > 0)
  return [
    '# Completion of cart for fish: node <clone>/bin/cart.mjs completion fish | source, in ~/.config/fish/config.fish',
    `type -q cart; or function cart; ${call} $argv; end`,
    // Whether so many words stand before the cursor, and begin with these.
    'function __cart_at',
    '  set -l given (commandline -opc)[2..-1]',
    '  set -l wanted $argv[2..-1]',
    '  if set -q wanted[1]',
    '    set -l last (count $wanted)',
    '    test "$given[1..$last]" = "$wanted"; or return 1',
    '  end',
    '  test $argv[1] = any; or test (count $given) -eq $argv[1]',
    'end',
    'complete -c cart -f',
    "complete -c cart -n '__cart_at 0' -a help -d 'shows what a command does'",
    ...names.map((name) => {
      const summary = commands.find(({ words }) => words[0] === name)?.summary ?? ''
      return `complete -c cart -n '__cart_at 0; or __cart_at 1 help' -a ${name} -d '${summary}'`
    }),
    ...doubles.flatMap((name) =>
      secondWordsOf(commands, name).map(
        (second) => `complete -c cart -n '__cart_at 1 ${name}' -a ${second}`,
      ),
    ),
    ...commands.flatMap(completeCommand),
  ]
}

function completeCommand(command: CompletedCommand): string[] {
  const { words, options, argumentChoices, takesFiles } = command
  const place = (count: number | 'any'): string => `-n '__cart_at ${count} ${words.join(' ')}'`
  return [
    ...options.map(({ flag, summary, takesValue, choices, isFile }) => {
      const value = !takesValue ? '' : isFile ? ' -rF' : ` -xa '${choices.join(' ')}'`
      return `complete -c cart ${place('any')} -l ${flag.slice(2)}${value} -d '${summary}'`
    }),
    ...argumentChoices.flatMap((choices, index) =>
      choices.length === 0
        ? []
        : [`complete -c cart ${place(words.length + index)} -a '${choices.join(' ')}'`],
    ),
    ...(takesFiles ? [`complete -c cart ${place('any')} -F`] : []),
  ]
}
