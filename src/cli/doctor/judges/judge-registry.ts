import type { RegistryError } from '../../../service/schema-registry/registry-error.ts'
import { problem, skipped, type Finding } from './finding.ts'

type Refusal = Pick<RegistryError, 'message' | 'status'>

const NOT_KNOWN = 401
const NOT_ALLOWED = 403

/** Whether the registry takes questions, and not this one only. */
export function isOfOneQuestion({ status }: Refusal): boolean {
  return status === NOT_ALLOWED
}

/** Of the registry as a whole. */
export function judgeRegistryFailure(refusal: Refusal): Finding {
  return problem('registry', refusal.message, actionFor(refusal))
}

/** Of the question that the service depends on: without its answer no schema id is known. */
export function judgeUnreadSubject(subject: string, refusal: Refusal): Finding {
  return problem(`subject ${subject}`, refusal.message, actionFor(refusal))
}

/** Of a question that the service can do without. */
export function judgeUnreadLevel(subject: string, refusal: Refusal): Finding {
  return skipped(`compatibility of ${subject}`, refusal.message, actionFor(refusal))
}

function actionFor({ status }: Refusal): string {
  switch (status) {
    case NOT_KNOWN:
      return 'Set SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO=key:secret to credentials that the registry knows.'
    case NOT_ALLOWED:
      return 'Let these credentials do that at the registry (SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO, or none).'
    case undefined:
      return 'If that is not the registry, set SCHEMA_REGISTRY_URL to the address of its API, path included. If it is, look at its log.'
    default:
      return status >= 500 || status === 429
        ? 'Look at the log of the registry.'
        : 'Set SCHEMA_REGISTRY_URL to the address of its API, path included.'
  }
}
