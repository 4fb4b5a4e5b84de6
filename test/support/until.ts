import { setTimeout } from 'node:timers/promises'

const POLL_MS = 20

/** Waits until the condition holds; an attempt that throws is a "not yet". Fails with what was awaited. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  awaited: string | (() => string),
  timeoutMs = 60_000,
): Promise<void> {
  const endMs = performance.now() + timeoutMs
  let last: unknown
  while (performance.now() < endMs) {
    try {
      if (await condition()) return
    } catch (error) {
      last = error
    }
    await setTimeout(POLL_MS)
  }
  const text = typeof awaited === 'string' ? awaited : awaited()
  throw new Error(`waited ${timeoutMs} ms in vain until ${text}`, { cause: last })
}
