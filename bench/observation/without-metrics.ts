import { registerHooks } from 'node:module'
import { Distributions } from '../../src/business/measures/tally.ts'

/**
 * Imported by a service before it starts (`node --import`): it then counts nothing. What wraps a port
 * gives back the port itself, so what is measured against it is all that metrics cost.
 */

const NOTHING: Readonly<Record<string, string>> = {
  '/measures/measured-commands.ts':
    'export const measureCommands = (commands) => commands; export const measureErasure = (erase) => erase',
  '/measures/measured-publisher.ts': 'export const measurePublisher = (publisher) => publisher',
  '/lane/measured-session.ts':
    'export const measureSession = (session) => session; export const measureProduce = (produce) => produce',
  '/controllers/metrics-controller.ts':
    'export const registerMetricsRoute = () => {}; export const countRequests = () => {}',
}

registerHooks({
  load(url, context, next) {
    const [, source] = Object.entries(NOTHING).find(([end]) => url.endsWith(end)) ?? []
    return source === undefined
      ? next(url, context)
      : { format: 'module', source, shortCircuit: true }
  },
})

// The store counts its operations by itself.
Distributions.prototype.note = () => {}
