import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** In a process of its own: everything is loaded here already. */
const LOAD_SERVICE = `
  import { registerHooks } from 'node:module'
  const urls = []
  registerHooks({ load(url, context, next) { urls.push(url); return next(url, context) } })
  await import(${JSON.stringify(sourceUrl('quick-start.ts'))})
  await import(${JSON.stringify(sourceUrl('compose.ts'))})
  process.stdout.write(JSON.stringify(urls))
`

function sourceUrl(name: string): string {
  return new URL(`../../src/${name}`, import.meta.url).href
}

function loadService(cacheFolder: string): readonly string[] {
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', LOAD_SERVICE], {
    env: { ...process.env, NODE_COMPILE_CACHE: cacheFolder },
    encoding: 'utf8',
  })
  return JSON.parse(output) as readonly string[]
}

test('a start loads what the service needs, and keeps it compiled for the next one', async (t) => {
  const folder = await temporaryFolder(t)
  const urls = loadService(folder)
  const clients = urls.filter((url) => url.includes('/@platformatic/kafka/dist/clients/'))
  assert.deepEqual(
    clients.map((url) => url.replace(/^.*\/clients\//, '')),
    // The connection takes the client's name from it.
    ['base/options.js'],
  )
  assert.notEqual(readdirSync(folder, { recursive: true }).length, 0)
})

test('a start goes without what was compiled where its folder cannot be written', async (t) => {
  const file = join(await temporaryFolder(t), 'file')
  writeFileSync(file, '')
  assert.notEqual(loadService(join(file, 'folder')).length, 0)
})
