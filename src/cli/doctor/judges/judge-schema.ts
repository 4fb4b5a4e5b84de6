import type { SetLevelCommand } from './commands.ts'
import { ok, problem, warning, type Finding } from './finding.ts'

const LEVEL_WANTED = 'FULL_TRANSITIVE'

export interface RegistrationFacts {
  readonly subject: string
  /** Undefined: our schema is not registered there. */
  readonly schemaId: number | undefined
  readonly isCompatible: boolean
  /** Why not, where the registry says. */
  readonly reasons: readonly string[]
}

/** Whether the service has a schema id, or will get one. */
export function judgeRegistration(facts: RegistrationFacts, autoRegister: boolean): Finding {
  const { subject, schemaId, isCompatible, reasons } = facts
  const check = `subject ${subject}`
  if (schemaId !== undefined) return ok(check, `has our schema, id ${schemaId}`)
  if (!isCompatible) {
    const why = reasons.length === 0 ? 'the registry gives no reasons' : reasons.join('; ')
    const action =
      'Change schemas/order.avsc so that it is compatible: docs/how-to/evolve-the-schema.md.'
    return problem(check, `our schema is not compatible with those registered: ${why}`, action)
  }
  if (autoRegister) {
    return warning(check, 'our schema is not registered yet', 'Start the service: it registers it.')
  }
  const action = 'Register schemas/order.avsc there, or set SCHEMA_REGISTRY_AUTO_REGISTER=true.'
  return problem(check, 'our schema is not registered', action)
}

/** `level`: the subject's own compatibility; undefined where the registry's default holds. */
export function judgeLevel(
  subject: string,
  level: string | undefined,
  setLevel: SetLevelCommand,
): Finding {
  const check = `compatibility of ${subject}`
  if (level === LEVEL_WANTED) return ok(check, level)
  const command = setLevel(subject, LEVEL_WANTED)
  if (level === undefined) {
    const action = `Start the service, which sets ${LEVEL_WANTED}, or set it yourself.`
    return warning(check, 'has none of its own', action, command)
  }
  const detail = `${level}: not every consumer can read every event`
  return warning(check, detail, `Set it to ${LEVEL_WANTED}.`, command)
}
