import { replaceModules } from './replace-modules.ts'

/**
 * Imported by a service before it starts (`node --import`): Node's HTTP server is then all that is in front
 * of its routes, and answers of a broker are believed. No count, no bound, no look at a host or a shape. The
 * line of one order stays, because changes are built on each other there.
 */
replaceModules({
  'api/admission/admit-work.ts': `
    export const NO_WORK = { kind: 'nothing' }
    export const admitWork = () => {}`,
  'api/admission/http-server.ts': `
    import { createServer } from 'node:http'
    export const createHttpDoor = ({ http }) => ({
      createServer: (begin) => createServer(http, begin),
      onClientError: (_error, socket) => socket.destroy(),
      lineOf: () => undefined,
      onConnection: () => {},
    })`,
  'api/allowed-hosts.ts': 'export const createHostCheck = () => () => true',
  'api/readable-request.ts': `
    export const findFault = () => undefined
    export const hostOf = ({ headers }) => headers.host`,
  'business/admission/change-admission.ts': `
    export class ChangeAdmission {
      enter() { return true }
      leave() {}
      isFull() { return false }
      outcomeOfRefusal() { return 'not-applied' }
      noteSettled() {}
    }`,
  'service/kafka/bounded-reader.ts': 'export const createBoundedReader = (reader) => reader',
  'service/wire/frames.ts': `
    export class FrameError extends Error {}
    export class FrameAssembler {}
    export const guardFrames = () => {}
    export const asFrameError = (error) => error`,
})
