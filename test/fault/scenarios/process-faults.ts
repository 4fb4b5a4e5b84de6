import { closeSync, openSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { Cart } from '../harness/cart.ts'
import { nowMs } from '../harness/journal.ts'
import type { Scenario } from '../harness/scenario.ts'

/** Faults of the processes: the service and a single broker are killed, paused and stopped. */

/** Long enough for every lane to notice, and to be refused a connection many times. */
const DOWN_MS = 3_000

const serviceKill: Scenario = {
  name: 'service-kill',
  about: 'SIGKILL of the service at random instants under load',
  brokers: 1,
  async run(context) {
    await using cart = await Cart.start(context)
    const rounds = context.rounds(200, 3)
    for (let round = 1; round <= rounds; round += 1) {
      // Also shortly after a start, while it recovers.
      await setTimeout(context.random.integer(0, 600))
      await cart.service.kill()
      const doubts = await cart.doubts()
      await cart.service.start()
      await cart.untilSettled(doubts)
      if (round % 10 === 0) context.progress(`${round} of ${rounds} kills`)
    }
    await cart.runWell()
    return await cart.finish()
  },
}

const serviceKillInOutage: Scenario = {
  name: 'service-kill-in-outage',
  about: 'SIGKILL of the service while the broker is paused, so that doubts are left behind',
  brokers: 1,
  async run(context) {
    const [broker] = context.cluster.brokers
    await using cart = await Cart.start(context)
    const rounds = context.rounds(10, 1)
    for (let round = 0; round < rounds; round += 1) {
      cart.journal.noteFault('broker: SIGSTOP')
      broker?.pause()
      await cart.untilPending()
      await cart.service.kill()
      broker?.resume()
      cart.journal.noteFault('broker: SIGCONT')
      const doubts = await cart.doubts()
      await cart.service.start()
      await cart.untilSettled(doubts)
      await cart.runWell()
    }
    return await cart.finish()
  },
}

const brokerKill: Scenario = {
  name: 'broker-kill',
  about: 'SIGKILL of the broker, and a restart after three seconds',
  brokers: 1,
  async run(context) {
    const [broker] = context.cluster.brokers
    await using cart = await Cart.start(context)
    const rounds = context.rounds(20, 1)
    for (let round = 1; round <= rounds; round += 1) {
      await setTimeout(context.random.integer(0, 1_000))
      cart.journal.noteFault('broker: SIGKILL')
      await broker?.kill()
      await setTimeout(DOWN_MS)
      await broker?.start()
      cart.journal.noteFault('broker: started')
      await cart.untilSettled()
      await cart.runWell()
      context.progress(`${round} of ${rounds} kills`)
    }
    return await cart.finish()
  },
}

const brokerPause: Scenario = {
  name: 'broker-pause',
  about: 'SIGSTOP of the broker for 10, 2 and 40 seconds',
  brokers: 1,
  async run(context) {
    const [broker] = context.cluster.brokers
    await using cart = await Cart.start(context)
    const pauses = [10, 2, 40].slice(0, context.rounds(3, 1))
    for (const seconds of pauses) {
      cart.journal.noteFault('broker: SIGSTOP')
      broker?.pause()
      await setTimeout(seconds * 1_000)
      broker?.resume()
      cart.journal.noteFault('broker: SIGCONT')
      await cart.untilSettled()
      await cart.runWell()
      context.progress(`paused for ${seconds} s`)
    }
    return await cart.finish()
  },
}

/** A line for each request, and each write of it fails. */
const FULL_DISK = '/dev/full'

/** Accepted requests are answered first, so it takes longer than a process without load. */
const STOP_MS_MAX = 10_000

const logOnFullDisk: Scenario = {
  name: 'log-on-full-disk',
  about: 'the log of the service is written to a disk that is full',
  brokers: 1,
  async run(context) {
    const stdout = openSync(FULL_DISK, 'w')
    await using resources = new AsyncDisposableStack()
    resources.defer(() => closeSync(stdout))
    const service = { stdout }
    await using cart = await Cart.start(context, { settings: { LOG_LEVEL: 'debug' }, service })
    const rounds = context.rounds(3, 1)
    for (let round = 0; round < rounds; round += 1) {
      await cart.runWell(1_000)
      const startMs = nowMs()
      const { code } = await cart.service.stop()
      if (code !== 0) throw new Error(`it ended with ${code}: ${cart.service.output()}`)
      const tookMs = nowMs() - startMs
      cart.notes.push(`a stop with a log on a full disk took ${(tookMs / 1_000).toFixed(1)} s`)
      if (tookMs > STOP_MS_MAX) cart.noteLate('a stop took too long')
      await cart.service.start({}, service)
      await cart.untilSettled()
    }
    return await cart.finish()
  },
}

export const PROCESS_FAULTS = [
  serviceKill,
  serviceKillInOutage,
  brokerKill,
  brokerPause,
  logOnFullDisk,
]
