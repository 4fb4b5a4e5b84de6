import process from 'node:process'

/** The other end of {@link import('./helper-process.ts').HelperProcess}. */

export interface Question {
  readonly id: number
  readonly command: string
  readonly args: unknown
}

export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string }

/** Answers what the parent asks; ends when the parent is gone. */
export function serveCommands(commands: object): void {
  const table = commands as Readonly<Record<string, (args: unknown) => Promise<unknown>>>
  process.on('disconnect', () => process.exit(0))
  process.on('message', ({ id, command, args }: Question) => {
    Promise.resolve(table[command]?.(args)).then(
      (result) => reply({ id, result }),
      (error: unknown) => reply({ id, error: String(error) }),
    )
  })
}

function reply(message: Reply): void {
  process.send?.(message)
}
