import process from 'node:process'
import { runCart } from './commands.ts'
import { createTerminal } from './terminal.ts'

/** The command line, as a process. */

// Who pipes the output into `head` has what they wanted when it closes: no reason to fail. A command
// that would go on hears of it by the stream's `close`; the exit code of the others stays theirs.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

const terminal = createTerminal(process.stdout, process.stderr)
process.exitCode = await runCart(process.argv.slice(2), terminal)
// The launcher's channel would keep the process alive.
if (process.connected) process.disconnect?.()
