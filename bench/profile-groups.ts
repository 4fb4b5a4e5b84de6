import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { parseArgs } from 'node:util'
import type { Profile } from './observation/share-of.ts'
import { markdownTable } from './orders/table.ts'

/**
 * Where the main thread's time at work goes: profiles of `node --cpu-prof`, sorted by the duties of the
 * service. A sample belongs to the file of ours, or of a package, that is nearest to what ran; so what Node.js
 * does for Fastify counts as Fastify's. With `--micros`, the main thread's time of an order, each group has its
 * part of it.
 *
 *   node bench/profile-groups.ts [--micros 150] <file.cpuprofile> …
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { micros: { type: 'string' } },
})
assert.ok(positionals.length > 0, 'Name a file that node --cpu-prof has written')

interface Stack {
  /** Of what ran, and then of its callers: `<function> <url>`. */
  readonly frames: readonly string[]
  /** Those up to the nearest file that is not Node's own, which is {@link owner}. */
  readonly inNode: string
  readonly owner: string
}

interface Group {
  readonly name: string
  has(stack: Stack): boolean
}

const FASTIFY_AND_HTTP = "Fastify, Node's HTTP and its parser"
const SOCKET_WRITE =
  /writev|writeLatin1String|writeUtf8String|writeBuffer|writeGeneric|stream_base_commons/u
const MESSAGES = /postMessage|structuredClone|worker_threads|internal\/worker|messageport/iu

function ownedBy(name: string, files: RegExp): Group {
  return { name, has: ({ owner }) => files.test(owner) }
}

/** The first that fits counts. */
const GROUPS: readonly Group[] = [
  { name: 'garbage', has: ({ frames }) => frames[0]?.startsWith('(garbage collector)') === true },
  {
    name: 'loading modules',
    has: ({ frames }) => frames.some((frame) => frame.includes('node:internal/modules/')),
  },
  { name: 'V8 itself', has: ({ frames }) => frames[0]?.startsWith('(program)') === true },
  { name: 'messages to and from the storage thread', has: ({ inNode }) => MESSAGES.test(inNode) },
  {
    name: "writes to clients' sockets",
    has: ({ frames, inNode }) =>
      SOCKET_WRITE.test(inNode) && !frames.some((frame) => frame.includes('kafka')),
  },
  ownedBy('Kafka: lanes, records, requests, sockets', /\/service\/kafka\/|@platformatic\/kafka/u),
  ownedBy('Avro', /\/schema-registry\/|\/avsc\//u),
  ownedBy('rows and batches of the store', /\/service\/storage\//u),
  ownedBy('metrics', /\/measures\/|\/metrics/u),
  ownedBy('traces', /\/tracing\/|trace-requests|opentelemetry/u),
  ownedBy('the generated order, ids, the clock', /order-generator|\/system\.ts|\/money/u),
  ownedBy('the door', /\/admission\/|close-in-order|readable-request|allowed-hosts|\/wire\//u),
  ownedBy('commands and publication', /\/business\/|\/src\/models\//u),
  ownedBy('the log', /request-log|\/pino\//u),
  ownedBy('JSON of requests and answers', /json-body|exact-json|order-json|fast-json|serial/u),
  ownedBy('validation', /\/ajv|validat|tidy|whole-refus|brought/u),
  ownedBy('our hooks and handlers', /\/src\/api\//u),
  ownedBy(FASTIFY_AND_HTTP, /node_modules/u),
  {
    name: FASTIFY_AND_HTTP,
    has: ({ frames }) => frames.some((frame) => /_http|node:net|\/streams\//u.test(frame)),
  },
]
const REST = 'the rest'

const counts = new Map<string, number>()
for (const path of positionals) count(JSON.parse(await readFile(path, 'utf8')) as Profile)
process.stdout.write(`${report()}\n`)

function count({ nodes, samples }: Profile): void {
  const callers = new Map(nodes.flatMap((node) => (node.children ?? []).map((id) => [id, node])))
  const groupOf = new Map<number, string | undefined>()
  for (const node of nodes) {
    const frames: string[] = []
    for (let frame: typeof node | undefined = node; frame; frame = callers.get(frame.id)) {
      frames.push(`${frame.callFrame.functionName} ${frame.callFrame.url}`)
    }
    groupOf.set(node.id, frames[0]?.startsWith('(idle)') === true ? undefined : findGroup(frames))
  }
  for (const id of samples) {
    const name = groupOf.get(id)
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
}

function findGroup(frames: readonly string[]): string {
  const ownerAt = frames.findIndex((frame) => / (?!node:)\S/u.test(frame))
  const stack: Stack = {
    frames,
    inNode: (ownerAt === -1 ? frames : frames.slice(0, ownerAt)).join('\n'),
    owner: frames[ownerAt] ?? '',
  }
  return GROUPS.find((group) => group.has(stack))?.name ?? REST
}

function report(): string {
  const atWork = [...counts.values()].reduce((sum, samples) => sum + samples, 0)
  const rows = [...counts]
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, samples]) => {
      const share = samples / atWork
      const micros = values.micros === undefined ? [] : [(share * Number(values.micros)).toFixed(0)]
      return [name, `${(100 * share).toFixed(0)} %`, ...micros]
    })
  return markdownTable(['group', 'share', ...(values.micros === undefined ? [] : ['µs'])], rows)
}
