import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { isSubjectName, principalOf, type Caller, type Scope } from '../../models/caller.ts'

/** A connection has one certificate for all of its requests. */
const known = new WeakMap<Socket, Caller>()

/**
 * The caller that the subject of a client's certificate names, such as `service_account:CN=shop,O=Example`.
 * The handshake has seen that one of our authorities signed it. Undefined where there is none.
 */
export function callerOfCertificate(
  socket: Socket,
  scopes: ReadonlySet<Scope>,
): Caller | undefined {
  const earlier = known.get(socket)
  if (earlier !== undefined) return earlier
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  // One part a line, what is special in a part is escaped.
  const subject = socket.getPeerX509Certificate()?.subject.split('\n').toReversed().join(',')
  if (subject === undefined || !isSubjectName(subject)) return undefined
  const principal = principalOf('service_account', subject)
  if (principal === undefined) return undefined
  const caller = { principal, scopes }
  known.set(socket, caller)
  return caller
}
