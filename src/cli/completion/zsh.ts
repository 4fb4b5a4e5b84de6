import {
  firstWordsOf,
  secondWordsOf,
  type CompletedCommand,
  type CompletedOption,
} from './completion-words.ts'

/** By zsh's own _arguments and _describe. `call` runs cart. */
export function zshCompletion(commands: readonly CompletedCommand[], call: string): string[] {
  const names = firstWordsOf(commands)
  return [
    '#compdef cart',
    '# Completion of cart for zsh: eval "$(node <clone>/bin/cart.mjs completion zsh)" in ~/.zshrc, after compinit',
    `(( $+commands[cart] || $+functions[cart] )) || cart() { ${call} "$@"; }`,
    '_cart() {',
    '  if (( CURRENT == 2 )) || [[ $words[2] == help ]]; then',
    '    local -a names=(',
    "      'help:shows what a command does'",
    ...names.map((name) => `      '${name}:${summaryOf(commands, name)}'`),
    '    )',
    '    _describe command names; return',
    '  fi',
    '  local name=$words[2]',
    '  case $name in',
    ...names.flatMap((name) => {
      const second = secondWordsOf(commands, name)
      if (second.length === 0) return []
      return [
        `    ${name})`,
        `      if (( CURRENT == 3 )); then compadd -- ${second.join(' ')}; return; fi`,
        '      name="$words[2] $words[3]"; shift words; (( CURRENT-- )) ;;',
      ]
    }),
    '  esac',
    '  shift words; (( CURRENT-- ))',
    '  case $name in',
    ...commands.flatMap((command) => [
      `    '${command.words.join(' ')}')`,
      `      _arguments -s ${[...command.options.map(specOf), ...argumentSpecs(command)].join(' ')} ;;`,
    ]),
    '  esac',
    '}',
    'compdef _cart cart',
  ]
}

function summaryOf(commands: readonly CompletedCommand[], name: string): string {
  const second = secondWordsOf(commands, name)
  if (second.length > 0) return second.join(', ')
  return commands.find(({ words }) => words[0] === name)?.summary ?? ''
}

/** `*`: some may be given several times, and the command says which may not. */
function specOf({ flag, summary, takesValue, choices, isFile }: CompletedOption): string {
  if (!takesValue) return `'${flag}[${summary}]'`
  return `'*${flag}=[${summary}]:${flag.slice(2)}:${valuesOf(choices, isFile)}'`
}

function argumentSpecs({ argumentChoices, takesFiles }: CompletedCommand): string[] {
  if (takesFiles) return ["'*:file:_files'"]
  const specs = argumentChoices.map(
    (choices, index) => `'${index + 1}:argument:${valuesOf(choices, false)}'`,
  )
  return [...specs, "'*: :'"]
}

function valuesOf(choices: readonly string[], isFile: boolean): string {
  if (isFile) return '_files'
  return choices.length === 0 ? ' ' : `(${choices.join(' ')})`
}
