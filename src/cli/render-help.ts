import { cartCall } from './cart-call.ts'
import {
  describeOption,
  EXIT_CODES,
  listExitCodes,
  type Command,
  type CommandOption,
} from './command.ts'
import { hang, LINE_COLUMNS, wrap } from './layout.ts'

/** What follows a longer option stands below it. */
const OPTION_COLUMNS_MAX = 26

/** The lines of `cart help`. */
export function renderHelp(commands: Readonly<Record<string, Command>>): string[] {
  const width = Math.max(...Object.keys(commands).map(({ length }) => length))
  const codes = Object.entries(EXIT_CODES).map(([code, meaning]) => `${code} ${meaning}`)
  return [
    'Usage: cart <command> [options]',
    '',
    ...Object.entries(commands).flatMap(([name, { summary }]) =>
      hang(`  ${name.padEnd(width)}  `, summary, LINE_COLUMNS),
    ),
    '',
    `cart help <command> shows its options, for example: ${cartCall('help', 'create')}`,
    `Exit codes: ${codes.join(', ')}.`,
    'The settings are those of the service: environment variables, or a .env file.',
  ]
}

/** The lines of `cart help <name>`. Examples are whole, so that they can be pasted. */
export function renderCommandHelp(name: string, command: Command): string[] {
  const { examples = [] } = command
  return [
    `Usage: cart ${[name, command.parameters, '[options]'].filter(Boolean).join(' ')}`,
    '',
    ...wrap(command.summary, LINE_COLUMNS),
    '',
    'Options:',
    ...renderOptions(command.options),
    ...(examples.length === 0 ? [] : ['', 'Examples:']),
    ...examples.map((words) => `  ${cartCall(...name.split(' '), ...words)}`),
    '',
    'Exit codes:',
    ...listExitCodes(command).flatMap(([code, meaning]) =>
      hang(`  ${code}  `, meaning, LINE_COLUMNS),
    ),
  ]
}

function renderOptions(options: Command['options']): string[] {
  const rows = Object.entries(options).map(([name, notes]) => ({
    option: writeOption(name, notes),
    meaning: describeOption(notes),
  }))
  const short = rows.map(({ option }) => option.length).filter((one) => one <= OPTION_COLUMNS_MAX)
  const width = Math.max(0, ...short)
  return rows.flatMap(({ option, meaning }) => {
    const isLong = option.length > width
    const lines = hang(`  ${(isLong ? '' : option).padEnd(width)}  `, meaning, LINE_COLUMNS)
    return isLong ? [`  ${option}`, ...lines] : lines
  })
}

function writeOption(name: string, { short, value }: CommandOption): string {
  const words = [...(short === undefined ? [] : [`-${short},`]), `--${name}`]
  return [...words, ...(value === undefined ? [] : [value])].join(' ')
}
