import process from 'node:process'
import { runCart } from './commands.ts'

/** The command line, as a process. */
process.exitCode = await runCart(process.argv.slice(2), {
  out: (line) => void process.stdout.write(`${line}\n`),
  progress: (line) => void process.stderr.write(`${line}\n`),
})
