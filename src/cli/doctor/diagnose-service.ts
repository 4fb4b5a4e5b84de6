import type { Config } from '../../config/config.ts'
import { readBounded } from '../../service/bounded-answer.ts'
import { describeTlsError, type TlsPeer } from '../../service/credentials/tls-errors.ts'
import { credentialHeader } from '../credential.ts'
import { parseObject } from '../service-answer.ts'
import { healthUrl } from '../service-url.ts'
import { ok, problem, skipped, warning, type Finding } from './judges/finding.ts'

const HEALTH_TIMEOUT_MS = 3_000

/** It names partitions that take no events, and more. */
const HEALTH_BYTES_MAX = 1024 * 1024

/** To whoever asks from here. Node's own setting names private authorities. */
const SERVICE: TlsPeer = {
  name: 'the service',
  caSetting: 'NODE_EXTRA_CA_CERTS',
  certificateSetting: 'a certificate',
  hasCertificate: false,
}

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
    const stranger = whyStranger(error, config)
    if (stranger !== undefined) {
      const action =
        'Ask its /health by its name, with a certificate where it wants one, or set MANAGEMENT_PORT, which is asked without TLS.'
      return skipped('service', `${url} cannot be asked from here: ${stranger}`, action)
    }
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

/**
 * Why the two cannot know each other, whoever answers there: the service's certificate is for the names that
 * callers use, and this command has none to show.
 */
function whyStranger(error: unknown, { door: { tls, management } }: Config): string | undefined {
  if (management !== undefined || tls === undefined) return undefined
  if (tls.clientCaFile !== undefined) return 'it hears clients with a certificate alone'
  // Those of OpenSSL: no certificate came, so nothing there speaks TLS.
  if (String(causeOf(error)).startsWith('ERR_SSL_')) return undefined
  return describeTlsError(error, SERVICE)
}

/** The error code under a failed fetch. */
function causeOf(error: unknown): unknown {
  const cause = error instanceof TypeError ? error.cause : undefined
  const [first] = cause instanceof AggregateError ? cause.errors : [cause]
  return first instanceof Error && 'code' in first ? first.code : undefined
}
