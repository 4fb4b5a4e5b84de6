import { enableCompileCache, registerHooks } from 'node:module'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

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

/**
 * The Kafka client's producer, consumer and admin, and its schema registries, which the service does not
 * use: it speaks by the client's requests and connections alone. To load them is to compile a validator
 * for each of their options. The service would not link if it imported one of them.
 */
const UNUSED = new Set(['./clients/index.js', './registries/index.js'])
const KAFKA_CLIENT = '/@platformatic/kafka/dist/index.js'
const NOTHING = 'data:text/javascript,'

registerHooks({
  resolve(specifier, context, next) {
    return UNUSED.has(specifier) && context.parentURL?.endsWith(KAFKA_CLIENT) === true
      ? { url: NOTHING, format: 'module', shortCircuit: true }
      : next(specifier, context)
  },
})
