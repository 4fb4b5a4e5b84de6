import { describeOption, EXIT_CODES, listExitCodes, type Command } from './command.ts'
import { shellWord } from './shell-word.ts'

/** The commands as Markdown: the body of `docs/reference/cli.md`. */
export function renderCommandReference(commands: Readonly<Record<string, Command>>): string {
  const sections = Object.entries(commands).flatMap(([name, command]) => [
    `## cart ${name}`,
    '',
    `\`cart ${[name, command.parameters].filter(Boolean).join(' ')}\` ${command.summary}.`,
    '',
    '| option | meaning |',
    '|---|---|',
    ...Object.entries(command.options).map(
      ([option, notes]) => `| ${optionCell(option, notes.value)} | ${describeOption(notes)} |`,
    ),
    '',
    ...renderExamples(name, command.examples),
    '| exit code | means |',
    '|---|---|',
    ...listExitCodes(command).map(([code, meaning]) => `| ${code} | ${meaning} |`),
    '',
  ])
  return [
    '| exit code | means, of every command |',
    '|---|---|',
    ...Object.entries(EXIT_CODES).map(([code, meaning]) => `| ${code} | ${meaning} |`),
    '',
    ...sections,
  ].join('\n')
}

function renderExamples(name: string, examples: Command['examples'] = []): string[] {
  if (examples.length === 0) return []
  const calls = examples.map((words) => ['npx cart', name, ...words.map(shellWord)].join(' '))
  return ['```sh', ...calls, '```', '']
}

function optionCell(option: string, value: string | undefined): string {
  return `\`--${option}${value === undefined ? '' : ` ${value}`}\``
}
