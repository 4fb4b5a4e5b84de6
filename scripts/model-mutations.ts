import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { MUTATIONS, withoutRule, type Mutation } from '../test/model/mutations.ts'
import { openPlayer, type Player } from '../test/model/player.ts'

/**
 * Takes each rule of the lanes out, in a copy of the source, and plays schedules until one fails: a
 * model that does not miss a rule does not know what it is for. Ends with 1 when a rule is not missed.
 * Only what comes of it is checked, and not how each lane goes about it.
 */

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    threads: { type: 'string' },
  },
})

const schedulesMax = Number(values.schedules)
const seed = Number(values.seed)
const root = join(import.meta.dirname, '..')

/** Each part has another number of instances. */
const PART = 2_000
const INSTANCE_COUNTS = [2, 3, 1] as const

interface Catch {
  readonly scheduleCount: number
  /** The rule that broke. */
  readonly failure: string
}

async function copySource(mutation: Mutation): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'cart-mutation-'))
  for (const folder of ['src', 'test/model']) {
    await cp(join(root, folder), join(copy, folder), { recursive: true })
  }
  await cp(join(root, 'package.json'), join(copy, 'package.json'))
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  const file = join(copy, mutation.file)
  await writeFile(file, withoutRule(mutation, await readFile(file, 'utf8')))
  return copy
}

async function playUntilCaught(player: Player): Promise<Catch | undefined> {
  for (let begun = 0; begun < schedulesMax; begun += PART) {
    const part = begun / PART
    const result = await player.play({
      instanceCount: INSTANCE_COUNTS[part % INSTANCE_COUNTS.length] ?? 1,
      scheduleCount: Math.min(PART, schedulesMax - begun),
      seed: seed + part,
      endOnFailure: true,
      isWatched: false,
    })
    if ('failure' in result) {
      const [failure = ''] = result.reason.split('\n')
      return { scheduleCount: begun + result.playedCount, failure }
    }
  }
  return undefined
}

/** Whether it was caught. */
async function tryOut(mutation: Mutation): Promise<boolean> {
  const copy = await copySource(mutation)
  try {
    await using player = openPlayer(pathToFileURL(join(copy, 'test/model/play-schedules.ts')))
    const caught = await playUntilCaught(player)
    report(mutation, caught)
    return caught !== undefined
  } finally {
    await rm(copy, { recursive: true })
  }
}

function report({ rule, without }: Mutation, caught: Catch | undefined): void {
  const verdict =
    caught === undefined
      ? `NOT CAUGHT in ${schedulesMax} schedules`
      : `caught in schedule ${caught.scheduleCount}: ${caught.failure}`
  process.stdout.write(`${rule.padEnd(4)} ${without}: ${verdict}\n`)
}

const only = values.only?.split(',')
const waiting = MUTATIONS.filter(({ rule }) => only?.includes(rule) ?? true)
let missedCount = 0

async function tryAll(): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (!(await tryOut(next))) missedCount += 1
  }
}

const threadCount = Number(values.threads ?? availableParallelism())
await Promise.all(Array.from({ length: threadCount }, tryAll))
process.exitCode = missedCount === 0 ? 0 : 1
