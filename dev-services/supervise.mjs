// Runs one command and outlives nobody: when the process that started this one goes away, however
// it died, the IPC channel closes and the command is ended. Started detached, so that the Ctrl-C of
// a terminal reaches neither this process nor the command: their order of stopping is the parent's.
//
//   supervise.mjs <kill-after-ms> <command> [args…]
//
//   says     { started: pid }, { failed: message }, { exited: { code, signal } }
//   listens  { signal: 'SIGSTOP' } hands a signal on, { stop: true } ends the command:
//            SIGTERM, and SIGKILL when it is still there after <kill-after-ms>
//
// Plain JavaScript: a supervisor starts faster without stripping types.
import { spawn } from 'node:child_process'

const [killAfterMs, command, ...commandArgs] = process.argv.slice(2)

let hasExited = false
let killTimer

// A group of its own: a command that is a shell script takes its children along.
const child = spawn(command, commandArgs, {
  stdio: ['ignore', 'inherit', 'inherit'],
  detached: true,
})

child.once('spawn', () => say({ started: child.pid }))
child.once('error', (error) => {
  if (child.pid === undefined) finish({ failed: error.message })
})
child.once('exit', (code, signal) => finish({ exited: { code, signal } }))

process.on('message', (message) => (message.stop ? end() : sendSignal(message.signal)))
process.once('disconnect', end)
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, end)

function end() {
  if (hasExited || killTimer !== undefined) return
  sendSignal('SIGTERM')
  killTimer = setTimeout(() => sendSignal('SIGKILL'), Number(killAfterMs))
}

function sendSignal(signal) {
  if (hasExited || child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    // ESRCH: it died a moment ago and its exit event is on the way.
    if (error.code !== 'ESRCH') throw error
  }
}

function say(message) {
  // A parent that is gone cannot be told; 'disconnect' says so.
  if (process.connected) process.send(message, () => {})
}

function finish(message) {
  hasExited = true
  clearTimeout(killTimer)
  say(message)
  if (process.connected) process.disconnect()
}
