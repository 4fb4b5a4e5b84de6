import process from 'node:process'
import { runCart } from './commands.ts'

/** The command line, as a process. */

// Who pipes the output into `head` has what they wanted when it closes: no reason to fail. A command
// that would go on hears of it by the stream's `close`; the exit code of the others stays theirs.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

process.exitCode = await runCart(process.argv.slice(2), {
  out: (line) => void process.stdout.write(`${line}\n`),
  progress: (line) => void process.stderr.write(`${line}\n`),
})
// The launcher's channel would keep the process alive.
if (process.connected) process.disconnect?.()
