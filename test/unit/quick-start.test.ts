import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** In a process of its own: everything is loaded here already. */
const LOAD_SERVICE = `
  import { registerHooks } from 'node:module'
  const urls = []
  registerHooks({ load(url, context, next) { urls.push(url); return next(url, context) } })
  await import(${JSON.stringify(sourceUrl('quick-start.mjs'))})
  await import(${JSON.stringify(sourceUrl('compose.ts'))})
  const client = await import('@platformatic/kafka')
  const isEmpty = (name) => name in client && Object.keys(client[name]).length === 0
  const emptyRequests = Object.keys(client).filter(isEmpty)
  process.stdout.write(JSON.stringify({ urls, emptyRequests, builtins: process.moduleLoadList }))
`

/** The stripper of types, and the client behind `fetch`. */
const HEAVY = /internal\/deps\/(?:amaro|undici)\//u

interface Loaded {
  readonly urls: readonly string[]
  /** Those of the Kafka client for which nothing was loaded. */
  readonly emptyRequests: readonly string[]
  /** Of Node itself. */
  readonly builtins: readonly string[]
}

function sourceUrl(name: string): string {
  return new URL(`../../src/${name}`, import.meta.url).href
}

function loadService(cacheFolder: string): Loaded {
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', LOAD_SERVICE], {
    env: { ...process.env, NODE_COMPILE_CACHE: cacheFolder },
    encoding: 'utf8',
  })
  return JSON.parse(output) as Loaded
}

test('a start loads what the service needs, and keeps it compiled for the next one', async (t) => {
  const folder = await temporaryFolder(t)
  const { urls } = loadService(folder)
  const clients = urls.filter((url) => url.includes('/@platformatic/kafka/dist/clients/'))
  assert.deepEqual(
    clients.map((url) => url.replace(/^.*\/clients\//, '')),
    // The connection takes the client's name from it.
    ['base/options.js'],
  )
  const unused = ['/ajv/dist/2020.js', '/protocol/murmur2.js', '/mnemonist/index.js']
  assert.deepEqual(
    urls.filter((url) => unused.some((end) => url.endsWith(end))),
    [],
    'nothing compiles validators for the client, or caches its hashes',
  )
  assert.notEqual(readdirSync(folder, { recursive: true }).length, 0)
})

test('a start goes without what was compiled where its folder cannot be written', async (t) => {
  const file = join(await temporaryFolder(t), 'file')
  writeFileSync(file, '')
  assert.notEqual(loadService(join(file, 'folder')).urls.length, 0)
})

test('a start loads every request of the Kafka client that is sent, and hardly any other', async (t) => {
  const { emptyRequests } = loadService(await temporaryFolder(t))
  const connection = fileURLToPath(
    new URL('network/connection.js', import.meta.resolve('@platformatic/kafka')),
  )
  const senders = [connection, ...globSync(fileURLToPath(sourceUrl('service/kafka/**/*.ts')))]
  const sent = senders.flatMap(
    (path) => readFileSync(path, 'utf8').match(/\b[a-z]\w*V\d+\b/gu) ?? [],
  )
  assert.deepEqual(
    sent.filter((name) => emptyRequests.includes(name)),
    [],
  )
  assert.ok(emptyRequests.length > 200, `${emptyRequests.length} are left out`)
})

test('a start that takes what was compiled loads neither the stripper of types nor what is behind fetch', async (t) => {
  const folder = await temporaryFolder(t)
  const [first, second] = [loadService(folder), loadService(folder)]
  assert.ok(
    first.builtins.some((name) => HEAVY.test(name)),
    'they are known by these names',
  )
  assert.deepEqual(
    second.builtins.filter((name) => HEAVY.test(name)),
    [],
  )
})
