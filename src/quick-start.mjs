import { enableCompileCache, registerHooks } from 'node:module'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'

/**
 * Halves what a start costs. To be imported before the modules of the service, and waited for.
 *
 * What V8 has compiled, and Node has stripped of types, is kept for the next start, in a folder that
 * only those can write who can change the code itself. Node checks each entry against its source, and
 * where the folder cannot be written it goes without.
 */
const CACHE_FOLDER = fileURLToPath(new URL('../node_modules/.cache/cart-service', import.meta.url))

/** The thread of the store reads it from here. */
process.env['NODE_COMPILE_CACHE'] ??= CACHE_FOLDER
enableCompileCache(process.env['NODE_COMPILE_CACHE'])

const NOTHING = moduleOf('')

/**
 * Of the Kafka client the service uses the connections and these requests. Nothing is put in the place of
 * its producer, consumer and admin, and of its schema registries, and a class that does nothing in the place
 * of what would compile validators of their options. Nor are 240 versions of requests loaded that nobody
 * sends here.
 */
const KAFKA_CLIENT = '/@platformatic/kafka/dist/'
const REPLACED = new Map([
  ['./clients/index.js', NOTHING],
  ['./registries/index.js', NOTHING],
  // The service has its own, and this one loads 49 modules for a cache that it does not use.
  ['./murmur2.js', NOTHING],
  ['ajv/dist/2020.js', moduleOf('export class Ajv2020 { addKeyword() {} compile() {} }')],
])
const REQUEST = /^\.\/[a-z-]+-v\d+\.js$/u
const USED_REQUESTS = new Set([
  './api-versions-v0.js',
  './api-versions-v1.js',
  './create-topics-v5.js',
  './describe-configs-v4.js',
  './describe-producers-v0.js',
  './fetch-v11.js',
  './init-producer-id-v3.js',
  './list-offsets-v5.js',
  './metadata-v10.js',
  './produce-v8.js',
  './sasl-authenticate-v0.js',
  './sasl-authenticate-v1.js',
  './sasl-authenticate-v2.js',
  './sasl-handshake-v1.js',
])

/**
 * `import 'node:http'` reads all that the module has, and so loads the client behind its WebSocket, 15 MB
 * that nothing here needs. This one has the same, but for what is loaded when it is read.
 */
const HTTP = moduleOf(`
  export const { ${listValues(process.getBuiltinModule('node:http'))} } =
    process.getBuiltinModule('node:http')`)

registerHooks({
  resolve(specifier, context, next) {
    return replacementOf(specifier, context) ?? next(specifier, context)
  },
})

/**
 * @param {string} specifier
 * @param {import('node:module').ResolveHookContext} context
 */
function replacementOf(specifier, { parentURL, conditions }) {
  if (parentURL?.includes(KAFKA_CLIENT) === true) {
    const isUnused = REQUEST.test(specifier) && !USED_REQUESTS.has(specifier)
    return isUnused ? NOTHING : REPLACED.get(specifier)
  }
  return specifier === 'node:http' && conditions.includes('import') ? HTTP : undefined
}

/** @param {object} module */
function listValues(module) {
  return Object.entries(Object.getOwnPropertyDescriptors(module))
    .filter(([, descriptor]) => 'value' in descriptor)
    .map(([name]) => name)
    .join()
}

/** @param {string} source */
function moduleOf(source) {
  const url = `data:text/javascript,${encodeURIComponent(source)}`
  return { url, format: 'module', shortCircuit: true }
}

/**
 * What a start allocates lives on. Space for what is soon garbage would grow meanwhile to 32 MB that are
 * kept, so it grows, as V8 does it, only when the service is there.
 */
const GROWTH_FACTOR = 2
setYoungGenerationGrowth(1)

export function letYoungGenerationGrow() {
  setYoungGenerationGrowth(GROWTH_FACTOR)
}

/** @param {number} factor */
function setYoungGenerationGrowth(factor) {
  setFlagsFromString(`--semi-space-growth-factor=${factor}`)
}
