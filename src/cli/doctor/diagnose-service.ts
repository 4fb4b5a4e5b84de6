import type { Config } from '../../config/config.ts'
import { readBounded } from '../../service/bounded-answer.ts'
import { describeTlsError, type TlsPeer } from '../../service/credentials/tls-errors.ts'
import { credentialHeader } from '../credential.ts'
import { parseObject } from '../service-answer.ts'
import { healthUrl } from '../service-url.ts'
import { ok, problem, warning, type Finding } from './judges/finding.ts'

const HEALTH_TIMEOUT_MS = 3_000

/** It names partitions that take no events, and more. */
const HEALTH_BYTES_MAX = 1024 * 1024

const PEER: TlsPeer = {
  name: 'the service',
  caSetting: 'NODE_EXTRA_CA_CERTS',
  certificateSetting: 'MANAGEMENT_PORT, where it asks for none',
  hasCertificate: false,
}

const LOOK_BEHIND_TLS =
  'To look at its health, set NODE_EXTRA_CA_CERTS to the file of its authority, or MANAGEMENT_PORT, which is asked without TLS.'

/** Not to run is no fault: who asks the doctor may be about to start it. */
export async function diagnoseService(config: Config): Promise<Finding> {
  const url = healthUrl(config)
  try {
    const signal = AbortSignal.timeout(HEALTH_TIMEOUT_MS)
    const response = await fetch(`${url}/health`, { signal, headers: credentialHeader(config) })
    const challenge = response.headers.get('www-authenticate') ?? ''
    if (challenge.includes('"cart-service"')) return judgeChallenge(url, challenge, config)
    const { service, status } = parseObject(await readBounded(response, HEALTH_BYTES_MAX))
    if (service !== 'CartService') throw new TypeError('another program')
    if (status === 'healthy') return ok('service', `runs at ${url}, healthy`)
    const command = `curl ${url}/health`
    return warning('service', `runs at ${url}, degraded`, 'See what it misses:', command)
  } catch (error) {
    if (causeOf(error) === 'ECONNREFUSED') return ok('service', `does not run at ${url}`)
    if (error instanceof DOMException && error.name === 'TimeoutError') {
      const wait = 'If it is CartService, it is paused or overloaded: look at its log.'
      return problem('service', `${url} takes connections and does not answer`, wait)
    }
    const tls = describeTlsError(error, PEER)
    if (tls !== undefined) return warning('service', `${url}: ${tls}`, LOOK_BEHIND_TLS)
    const action = 'Stop what is there, or set API_PORT to another port.'
    return problem('service', `${url} is answered by something else than CartService`, action)
  }
}

/** A credential that is not sent, or has not the scope, may be right for what it is used for. */
function judgeChallenge(url: string, challenge: string, { callers }: Config): Finding {
  if (!challenge.includes('error="invalid_token"')) {
    return ok('service', `runs at ${url}, and shows its health to the scope admin alone`)
  }
  const setting = callers.credential?.kind === 'file' ? 'API_CREDENTIAL_FILE' : 'API_CREDENTIAL'
  const action = 'Put a key or token there that has not ended, and that this service knows.'
  return problem(
    'service',
    `runs at ${url}, and does not take the credential of ${setting}`,
    action,
  )
}

/** The error code under a failed fetch. */
function causeOf(error: unknown): unknown {
  const cause = error instanceof TypeError ? error.cause : undefined
  const [first] = cause instanceof AggregateError ? cause.errors : [cause]
  return first instanceof Error && 'code' in first ? first.code : undefined
}
