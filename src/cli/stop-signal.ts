import process from 'node:process'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface StopSignal extends Disposable {
  readonly signal: AbortSignal
}

/**
 * For a command that goes on until somebody ends it: aborts on Ctrl-C, on SIGTERM, when the reader of
 * its output has gone (`| head`), and when the launcher that started it was killed. A second Ctrl-C
 * ends the process as if there were no listener.
 */
export function listenForStop(): StopSignal {
  const stop = new AbortController()
  const onStop = (): void => {
    forget()
    stop.abort()
  }
  const forget = (): void => {
    for (const name of SIGNALS) process.off(name, onStop)
    process.off('disconnect', onStop)
    process.stdout.off('close', onStop)
  }
  for (const name of SIGNALS) process.on(name, onStop)
  process.on('disconnect', onStop)
  process.stdout.on('close', onStop)
  return { signal: stop.signal, [Symbol.dispose]: forget }
}
