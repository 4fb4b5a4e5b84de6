import { Distributions } from '../../src/business/measures/tally.ts'
import { replaceModules } from './replace-modules.ts'

/**
 * Imported by a service before it starts (`node --import`): it then counts nothing. What wraps a port
 * gives back the port itself, so what is measured against it is all that metrics cost.
 */
replaceModules({
  'business/measures/measured-commands.ts':
    'export const measureCommands = (commands) => commands; export const measureErasure = (erase) => erase',
  'business/measures/measured-publisher.ts':
    'export const measurePublisher = (publisher) => publisher',
  'service/kafka/lane/measured-session.ts':
    'export const measureSession = (session) => session; export const measureProduce = (produce) => produce',
  'api/controllers/metrics-controller.ts':
    'export const registerMetricsRoute = () => {}; export const countRequests = () => {}',
})

// The store counts its operations by itself.
Distributions.prototype.note = () => {}
