import { firstWordsOf, secondWordsOf, type CompletedCommand } from './completion-words.ts'

/** For bash 3.2 and newer, without the package bash-completion. `call` runs cart. */
export function bashCompletion(commands: readonly CompletedCommand[], call: string): string[] {
  const names = firstWordsOf(commands)
  const withValue = new Set(
    commands.flatMap(({ options }) =>
      options.filter(({ takesValue }) => takesValue).map(({ flag }) => flag),
    ),
  )
  return [
    '# Completion of cart for bash: eval "$(node <clone>/bin/cart.mjs completion bash)" in ~/.bashrc',
    `type cart >/dev/null 2>&1 || cart() { ${call} "$@"; }`,
    '_cart() {',
    '  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words= i',
    '  local given=() skips=',
    '  COMPREPLY=()',
    // Bash makes three words of --status=shipped.
    "  if [[ $cur == '=' ]]; then cur=; elif [[ $prev == '=' ]]; then prev=${COMP_WORDS[COMP_CWORD - 2]}; fi",
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    '    case ${COMP_WORDS[i]} in',
    `      ${[...withValue].join('|')}) skips=1 ;;`,
    '      =|-*) ;;',
    '      *) if [[ $skips ]]; then skips=; else given+=("${COMP_WORDS[i]}"); fi ;;',
    '    esac',
    '  done',
    '  local command=${given[0]} place',
    '  case "${given[0]} ${given[1]}" in',
    ...commands
      .filter(({ words }) => words.length > 1)
      .map(({ words }) => `    '${words.join(' ')}') command='${words.join(' ')}' ;;`),
    '  esac',
    '  place=$((${#given[@]} - 1))',
    '  case "$command:$prev" in',
    ...commands.flatMap(({ words, options }) =>
      options.flatMap(({ flag, isFile, choices }) => {
        if (!isFile && choices.length === 0) return []
        const answer = isFile ? FILES : wordsOf(choices)
        return [`    '${words.join(' ')}:${flag}') ${answer}; return ;;`]
      }),
    ),
    `    ${[...withValue].map((flag) => `*:${flag}`).join('|')}) return ;;`,
    '  esac',
    '  case "$command" in',
    `    ''|help) words='${['help', ...names].join(' ')}' ;;`,
    ...names.flatMap((name) => {
      const second = secondWordsOf(commands, name)
      return second.length === 0 ? [] : [`    '${name}') words='${second.join(' ')}' ;;`]
    }),
    ...commands.flatMap(({ words, options, argumentChoices, takesFiles }) => [
      `    '${words.join(' ')}')`,
      `      if [[ $cur == -* ]]; then words='${options.map(({ flag }) => flag).join(' ')}'`,
      ...argumentChoices.flatMap((choices, index) =>
        choices.length === 0
          ? []
          : [
              `      elif ((place == ${index + words.length - 1})); then words='${choices.join(' ')}'`,
            ],
      ),
      ...(takesFiles ? [`      else ${FILES}; return`] : []),
      '      fi ;;',
    ]),
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    '}',
    'complete -o filenames -F _cart cart',
  ]
}

/** A name may have spaces. */
const FILES = `local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$cur"))`

function wordsOf(choices: readonly string[]): string {
  return `COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$cur"))`
}
