import { Connection } from '@platformatic/kafka'

export interface Broker {
  readonly host: string
  readonly port: number
}

/** How long one connection attempt, and one request on it, may take. */
export interface ConnectionTimeouts {
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
}

/**
 * Opens one connection to one broker. It is never pooled or reused by somebody else, so what is
 * said on it can be counted. Rejects when the broker does not answer in time.
 */
export async function connectToBroker(
  clientId: string,
  broker: Broker,
  timeouts: ConnectionTimeouts,
): Promise<Connection> {
  const connection = new Connection(clientId, {
    connectTimeout: timeouts.connectTimeoutMs,
    requestTimeout: timeouts.requestTimeoutMs,
  })
  // Without a listener a lost connection would end the process; its requests fail by themselves.
  connection.on('error', () => {})
  await connection.connect(broker.host, broker.port)
  return connection
}

/** Ends the connection at once; requests on it fail. Does not wait for the other side. */
export function dropConnection(connection: Connection): void {
  connection.socket.destroy()
}
