import { connectError, lookupError } from '../../service/network.ts'
import { ok, problem, type Finding } from './judges/finding.ts'

export const CONNECT_TIMEOUT_MS = 3_000

export interface Address {
  readonly host: string
  readonly port: number
}

/** Two findings for each: its name, and a connection. */
export async function diagnoseAddresses(
  what: string,
  addresses: readonly Address[],
  setting: string,
): Promise<Finding[]> {
  const findings = await Promise.all(
    addresses.map(async ({ host, port }): Promise<Finding[]> => {
      const lookup = await lookupError(host)
      if (lookup !== undefined) {
        const action = `Correct ${setting}, or let this machine's name service know ${host}.`
        return [problem(`${what} dns`, `${host} has no address (${lookup})`, action)]
      }
      const connect = await connectError(host, port, CONNECT_TIMEOUT_MS)
      const name = `${what} tcp`
      return [
        ok(`${what} dns`, host),
        connect === undefined
          ? ok(name, `${host}:${port}`)
          : problem(
              name,
              `${host}:${port} cannot be reached (${connect})`,
              `Start what should listen there, or correct ${setting}.`,
            ),
      ]
    }),
  )
  return findings.flat()
}

export function isConnection({ check, verdict }: Finding): boolean {
  return check.endsWith(' tcp') && verdict === 'ok'
}
