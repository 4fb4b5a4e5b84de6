/** Imported by a service before it starts: its wall clock jumps up to a day forth and back all the time. */

const DAY_MS = 24 * 60 * 60_000
const JUMP_EVERY_MS = 50

const trueNow = Date.now.bind(Date)
let offsetMs = 0

setInterval(() => {
  offsetMs = Math.round((Math.random() * 2 - 1) * DAY_MS)
}, JUMP_EVERY_MS).unref()

class JumpingDate extends Date {
  constructor(...args: readonly unknown[]) {
    super(...((args.length === 0 ? [trueNow() + offsetMs] : args) as [number]))
  }

  static override now(): number {
    return trueNow() + offsetMs
  }
}

globalThis.Date = JumpingDate as DateConstructor
