import { execFileSync } from 'node:child_process'
import { appendFileSync, copyFileSync, existsSync, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { Cart } from '../harness/cart.ts'
import { isConfirmed } from '../harness/journal.ts'
import type { Scenario } from '../harness/scenario.ts'
import { createSqliteReader } from '../harness/store-reader.ts'

/** Room for the database and its log before it is filled up. */
const DISK_MEGABYTES = 64

const FULL_MS = 8_000

/** A disk of its own, small enough to be filled up. Seen by this process and its children only. */
async function mountSmallDisk(): Promise<AsyncDisposable & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'cart-service-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MEGABYTES}m`, 'tmpfs', folder], {
      stdio: 'pipe',
    })
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    const why = String((error as { stderr?: Buffer }).stderr ?? error).trim()
    throw new Error(`small-disk cannot run: it has to mount a tmpfs, which takes root (${why})`, {
      cause: error,
    })
  }
  return {
    folder,
    async [Symbol.asyncDispose]() {
      execFileSync('umount', [folder], { stdio: 'pipe' })
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** To the last byte: the service goes on writing while it fills. */
function fillUp(folder: string): void {
  const chunk = Buffer.alloc(64 * 1_024)
  try {
    for (let count = 0; count < (DISK_MEGABYTES * 1_024 * 1_024) / chunk.length; count += 1) {
      appendFileSync(join(folder, 'ballast'), chunk)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}

const smallDisk: Scenario = {
  name: 'small-disk',
  about: 'the disk of the store fills up under load, and is freed again',
  brokers: 1,
  async run(context) {
    await using disk = await mountSmallDisk()
    await using cart = await Cart.start(context, { folder: disk.folder })
    for (let round = 0; round < context.rounds(5, 1); round += 1) {
      cart.journal.noteFault('disk: full')
      fillUp(disk.folder)
      await setTimeout(FULL_MS)
      rmSync(join(disk.folder, 'ballast'))
      cart.journal.noteFault('disk: has room')
      await cart.untilSettled()
      await cart.runWell()
    }
    const report = await cart.finish()
    if (report.replies.notApplied === 0) throw new Error('the disk was never full')
    return report
  },
}

const busyStore: Scenario = {
  name: 'busy-store',
  about: 'another process holds the write lock of the database for 1, 3 and 8 seconds',
  brokers: 1,
  async run(context) {
    const folder = await mkdtemp(join(tmpdir(), 'cart-service-busy-'))
    await using resources = new AsyncDisposableStack()
    resources.defer(() => rm(folder, { recursive: true, force: true }))
    await using cart = await Cart.start(context, { folder })
    for (let round = 0; round < context.rounds(2, 1); round += 1) {
      for (const seconds of [1, 3, 8]) {
        using other = new DatabaseSync(join(folder, 'cart.db'), { timeout: 5_000 })
        other.exec('BEGIN IMMEDIATE')
        cart.journal.noteFault('store: another process writes')
        await setTimeout(seconds * 1_000)
        other.exec('ROLLBACK')
        cart.journal.noteFault('store: the other process has ended')
        await cart.untilSettled()
        await cart.runWell()
      }
    }
    return await cart.finish()
  },
}

const powerLoss: Scenario = {
  name: 'power-loss',
  about: 'the files of the store at a random instant hold all that was confirmed before it',
  brokers: 1,
  async run(context) {
    const folder = await mkdtemp(join(tmpdir(), 'cart-service-power-'))
    await using resources = new AsyncDisposableStack()
    resources.defer(() => rm(folder, { recursive: true, force: true }))
    await using cart = await Cart.start(context, { folder })
    const rounds = context.rounds(50, 5)
    for (let round = 0; round < rounds; round += 1) {
      await setTimeout(context.random.integer(0, 300))
      const copy = join(folder, `copy-${round}`)
      const confirmed = new Set(
        cart.journal.entries.filter(isConfirmed).map(({ orderId }) => orderId),
      )
      // All files of one instant: nothing is written while it is paused.
      cart.service.pause()
      for (const suffix of ['', '-wal']) {
        const file = join(folder, `cart.db${suffix}`)
        if (existsSync(file)) copyFileSync(file, `${copy}.db${suffix}`)
      }
      cart.service.resume()
      await compareCopy(`${copy}.db`, confirmed)
    }
    cart.notes.push(`${rounds} copies were whole, with every order confirmed before`)
    return await cart.finish()
  },
}

async function compareCopy(path: string, confirmed: Set<string>): Promise<void> {
  {
    using database = new DatabaseSync(path)
    const [whole] = database.prepare('PRAGMA integrity_check').all()
    if (whole?.['integrity_check'] !== 'ok') throw new Error(`${path} is damaged`)
  }
  for await (const { orderId } of createSqliteReader(path).orders()) confirmed.delete(orderId)
  if (confirmed.size > 0) throw new Error(`confirmed and lost: ${[...confirmed].join(', ')}`)
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
}

export const STORE_FAULTS = [smallDisk, busyStore, powerLoss]
