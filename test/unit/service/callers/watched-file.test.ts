import assert from 'node:assert/strict'
import { rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { WatchedFile } from '../../../../src/service/callers/watched-file.ts'
import { systemClock } from '../../../../src/service/system.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'
import { until } from '../../../support/until.ts'

/** The same clock, a hundred times as fast. */
const fastClock = {
  ...systemClock,
  schedule: (delayMs: number, task: () => void) => systemClock.schedule(delayMs / 100, task),
}

function parse(text = ''): string {
  if (text.includes('broken')) throw new SyntaxError('line 1: broken')
  return text.trim()
}

test('a file that is replaced is read again; one that is broken or gone changes nothing', async (t) => {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'keys')
  const troubles: string[] = []
  await writeFile(path, 'one')
  const onTrouble = (reason: string): void => void troubles.push(reason)
  const file = await WatchedFile.open({ paths: [path], parse, clock: fastClock, onTrouble })
  t.after(() => file.close())
  assert.equal(file.content, 'one')

  // As a mounted secret changes: another file under the same name.
  await writeFile(join(folder, 'next'), 'two')
  await symlink(join(folder, 'next'), join(folder, 'link'))
  await rename(join(folder, 'link'), path)
  await until(() => file.content === 'two', 'the new file is read')

  await writeFile(path, 'broken')
  await until(() => troubles.length === 1, 'the broken file is told of')
  assert.deepEqual(troubles, ['line 1: broken'])
  assert.equal(file.content, 'two')

  await rm(path)
  await until(() => troubles.length === 2, 'the missing file is told of')
  assert.equal(file.content, 'two')

  await writeFile(path, 'three')
  await until(() => file.content === 'three', 'the file is read when it is there again')
  assert.equal(troubles.length, 2)
})

test('a file that is larger than any of its kind is not read', async (t) => {
  const path = join(await temporaryFolder(t), 'keys')
  await writeFile(path, Buffer.alloc(1_000_001, '#'))
  const opening = WatchedFile.open({
    paths: [path],
    parse,
    clock: systemClock,
    onTrouble: () => {},
  })
  await assert.rejects(opening, /is larger than 1000000 bytes/)
})

test('a file that is written in place is taken when it is whole', async (t) => {
  const path = join(await temporaryFolder(t), 'keys')
  await writeFile(path, 'one')
  const looks: Array<{ readonly delayMs: number; readonly look: () => void }> = []
  const clock = {
    ...systemClock,
    schedule(delayMs: number, look: () => void) {
      looks.push({ delayMs, look })
      return () => undefined
    },
  }
  const taken: string[] = []
  const file = await WatchedFile.open({
    paths: [path],
    parse,
    clock,
    onTrouble: () => assert.fail('nothing is wrong'),
    onChange: (content) => taken.push(content),
  })
  t.after(() => file.close())
  /** Resolves with when the next look is. */
  const look = async (): Promise<number | undefined> => {
    const count = looks.length
    looks.at(-1)?.look()
    await until(() => looks.length > count, 'the file is read')
    return looks.at(-1)?.delayMs
  }

  await writeFile(path, '')
  assert.equal(await look(), 200)
  await writeFile(path, 'one tw')
  assert.equal(await look(), 200)
  await writeFile(path, 'one two')
  assert.equal(await look(), 200)
  assert.equal(file.content, 'one')
  assert.equal(await look(), 2_000)
  assert.deepEqual(taken, ['one two'])

  // What it was before does not make it another one.
  await writeFile(path, '')
  await look()
  await writeFile(path, 'one two')
  await look()
  assert.equal(await look(), 2_000)
  assert.equal(await look(), 2_000)
  assert.deepEqual(taken, ['one two'])
})
