import type { LaneSession } from './lane/session.ts'

/** A session that opens only once `mayOpen` resolves; a lane without an open session sends nothing. */
export function guardSession(session: LaneSession, mayOpen: () => Promise<void>): LaneSession {
  return {
    async open() {
      await mayOpen()
      return session.open()
    },
    send: (...args) => session.send(...args),
    ask: (...args) => session.ask(...args),
    look: (...args) => session.look(...args),
    abandonLeader: () => session.abandonLeader(),
    close: () => session.close(),
  }
}
