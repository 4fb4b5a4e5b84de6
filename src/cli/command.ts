/** Where a command writes, one line each: results to stdout, what goes on and what is wrong to stderr. */
export interface Print {
  readonly out: (line: string) => void
  readonly progress: (line: string) => void
  /** One line on the terminal that each call writes over; absent where stderr is no terminal. */
  readonly status?: ((line: string) => void) | undefined
}

/** One option, in the form that `parseArgs` of node:util takes, and what the help says of it. */
export interface CommandOption {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly default?: string | boolean
  /** It may be given several times. */
  readonly multiple?: boolean
  /** What follows the option, such as `<n>`; absent where nothing does. */
  readonly value?: string
  /** The values that it takes, where these are few. */
  readonly choices?: readonly string[]
  readonly description: string
}

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string
  /** The arguments as the usage line has them, such as `<orderId> <status>`; absent where there are none. */
  readonly parameters?: string
  /** The values that each of the arguments takes, by place; empty where they are not few. */
  readonly parameterChoices?: ReadonlyArray<readonly string[]>
  /** Hand them to `parseArgs` as they are, so that the help tells the truth. */
  readonly options: Readonly<Record<string, CommandOption>>
  /** Words after the command's name that show how it is used. */
  readonly examples?: ReadonlyArray<readonly string[]>
  /** What 0, 1 and 2 mean here, where it is more than {@link EXIT_CODES} says. */
  readonly exitCodes?: Partial<Record<keyof typeof EXIT_CODES, string>>
  /** Parses its own arguments and resolves with the exit code; what it rejects with is printed, exit code 2. */
  run(args: readonly string[], print: Print): Promise<number>
}

/** The command was called wrongly; the message says how. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}

export const EXIT_CODES = {
  0: 'done and well',
  1: 'done and not well',
  2: 'could not be done',
} as const

export const JSON_OPTION = {
  type: 'boolean',
  default: false,
  description: 'print JSON',
} as const satisfies CommandOption

export function describeOption({ description, default: byDefault }: CommandOption): string {
  return typeof byDefault === 'string' ? `${description} (default: ${byDefault})` : description
}

export function listExitCodes({ exitCodes }: Pick<Command, 'exitCodes'>): Array<[string, string]> {
  return Object.entries({ ...EXIT_CODES, ...exitCodes })
}
