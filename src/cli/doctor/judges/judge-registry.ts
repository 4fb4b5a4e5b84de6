import type { RegistryError } from '../../../service/schema-registry/registry-error.ts'
import type { RegistryAuth } from './commands.ts'
import { problem, skipped, type Finding } from './finding.ts'

type Refusal = Pick<RegistryError, 'message' | 'status'>

const NOT_KNOWN = 401
const NOT_ALLOWED = 403

/** Whether the registry takes questions, and not this one only. */
export function isOfOneQuestion({ status }: Refusal): boolean {
  return status === NOT_ALLOWED
}

/** Of the registry as a whole. */
export function judgeRegistryFailure(refusal: Refusal, auth: RegistryAuth): Finding {
  return problem('registry', refusal.message, actionFor(refusal, auth))
}

/** Of the question that the service depends on: without its answer no schema id is known. */
export function judgeUnreadSubject(subject: string, refusal: Refusal, auth: RegistryAuth): Finding {
  return problem(`subject ${subject}`, refusal.message, actionFor(refusal, auth))
}

/** Of a question that the service can do without. */
export function judgeUnreadLevel(subject: string, refusal: Refusal, auth: RegistryAuth): Finding {
  return skipped(`compatibility of ${subject}`, refusal.message, actionFor(refusal, auth))
}

/** What the credential is set by. */
const SETTINGS = {
  none: 'SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO or SCHEMA_REGISTRY_BEARER_AUTH_…',
  basic: 'SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO',
  bearer: 'SCHEMA_REGISTRY_BEARER_AUTH_TOKEN',
  oauth: 'SCHEMA_REGISTRY_BEARER_AUTH_CLIENT_ID and _CLIENT_SECRET',
} as const

function actionFor({ status }: Refusal, auth: RegistryAuth): string {
  switch (status) {
    case NOT_KNOWN:
      return `Set ${SETTINGS[auth]} to what the registry knows.`
    case NOT_ALLOWED:
      return auth === 'none'
        ? `Set ${SETTINGS.none} to what may do that at the registry.`
        : `Let the owner of ${SETTINGS[auth]} do that at the registry.`
    case undefined:
      return 'If that is not the registry, set SCHEMA_REGISTRY_URL to the address of its API, path included. If it is, look at its log.'
    default:
      return status >= 500 || status === 429
        ? 'Look at the log of the registry.'
        : 'Set SCHEMA_REGISTRY_URL to the address of its API, path included.'
  }
}
