import type { Config } from '../../config/config.ts'
import { findOpenHost } from '../../config/loopback.ts'
import { parseKeyFile, type KeyLine } from '../../service/callers/key-file.ts'
import { KeySet } from '../../service/callers/key-set.ts'
import { readTextFile } from '../../service/credentials/secret.ts'
import { systemClock } from '../../service/system.ts'
import { cartCall } from '../cart-call.ts'
import { diagnoseTlsFiles, diagnoseToken } from './diagnose-credentials.ts'
import { describe, type Diagnosis } from './diagnosis.ts'
import { ok, problem, warning, type Finding } from './judges/finding.ts'
import { judgeValidity } from './judges/judge-validity.ts'

/** Who may call, and by what: what the service shows to its callers, and what it knows them by. */

const CHECK = 'callers'

const TLS_NAMES = {
  ca: 'API_TLS_CLIENT_CA_FILE',
  certificate: 'API_TLS_CERT_FILE',
  key: 'API_TLS_KEY_FILE',
}

export async function diagnoseCallers(config: Config): Promise<Diagnosis> {
  const { callers, door } = config
  const tls = door.tls && {
    caFile: door.tls.clientCaFile,
    certificateFile: door.tls.certFile,
    keyFile: door.tls.keyFile,
  }
  return {
    findings: [
      ...judgeWays(config),
      ...(tls === undefined ? [] : diagnoseTlsFiles('api tls', TLS_NAMES, tls)),
      ...(callers.keysFile === undefined ? [] : diagnoseKeys(callers.keysFile)),
      ...(callers.jwt === undefined ? [] : [await diagnoseProvider(callers.jwt.keySetUrl)]),
      ...(callers.credential === undefined
        ? []
        : diagnoseToken('cart', 'API_CREDENTIAL', callers.credential)),
    ],
  }
}

function judgeWays(config: Config): Finding[] {
  const { ways = [] } = config.callers
  if (ways.length > 0) return [ok(CHECK, `say who they are by ${ways.join(' or ')}`)]
  const detail = 'nobody is asked who they are'
  const open = findOpenHost(config)
  if (open === undefined) {
    return [ok(CHECK, `${detail}; only this machine reaches ${config.apiHost}`)]
  }
  const action = `Set API_AUTH, put a proxy in front that asks, or set ${open.setting}=localhost.`
  return [warning(CHECK, `${detail}, and other machines reach ${open.host}`, action)]
}

function diagnoseKeys(path: string): Finding[] {
  const check = 'api keys'
  try {
    const keys = [...parseKeyFile(readTextFile(path)).values()]
    if (keys.length > 0) return keys.map((key) => judgeKey(check, key))
    return [warning(check, `${path} has no key`, 'Make one.', cartCall('keys', 'new', 'shop'))]
  } catch (error) {
    return [problem(check, describe(error), 'Correct the file of API_KEYS_FILE.')]
  }
}

/** One that is over harms nobody but its caller. */
function judgeKey(check: string, { id, scopes, endsAtMs }: KeyLine): Finding {
  const nowMs = Date.now()
  const what = `the key of ${id}`
  if (nowMs < endsAtMs) return judgeValidity({ check, what, fromMs: 0, untilMs: endsAtMs }, nowMs)
  const detail = `${what} ended ${new Date(endsAtMs).toISOString()}`
  const command = cartCall('keys', 'new', id, '--scopes', [...scopes].join(','))
  return warning(check, detail, 'Delete its line, or make another key.', command)
}

/** By the question that the service asks. */
async function diagnoseProvider(url: string): Promise<Finding> {
  const check = 'identity provider'
  const { promise, resolve } = Promise.withResolvers<Finding>()
  const keySet = new KeySet({
    url,
    clock: systemClock,
    onState: (trouble) => {
      if (trouble === undefined) return resolve(ok(check, `has keys at ${url}`))
      const action = 'Correct API_JWT_JWKS_URL, or start the identity provider.'
      resolve(problem(check, `its keys at ${url} cannot be read: ${trouble.reason}`, action))
    },
  })
  keySet.start()
  try {
    return await promise
  } finally {
    keySet.close()
  }
}
