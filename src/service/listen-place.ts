import { claimAddress } from './network.ts'

/** Where a server is to listen, and the settings that say so. */
export interface ListenPlace {
  readonly host: string
  readonly port: number
  readonly hostSetting: string
  readonly portSetting: string
}

/** The message is a sentence for whoever starts the service, with what to do. */
export class ListenError extends Error {
  constructor(place: ListenPlace, cause: unknown) {
    super(explain(place, cause), { cause })
    this.name = 'ListenError'
  }
}

/** As {@link claimAddress}, and rejects with a {@link ListenError}. */
export async function claimPlace(place: ListenPlace): Promise<AsyncDisposable> {
  try {
    return await claimAddress(place.host, place.port)
  } catch (error) {
    throw new ListenError(place, error)
  }
}

function explain({ host, port, hostSetting, portSetting }: ListenPlace, cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is taken: stop what listens on it, or set ${portSetting} to another port.`
    case 'EACCES':
      return `This user may not listen on port ${port}: set ${portSetting} to a port above 1023.`
    default:
      return `The service cannot listen on ${host}, port ${port} (${code}): set ${hostSetting} to an address of this machine.`
  }
}
