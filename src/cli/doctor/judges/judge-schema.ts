import { ok, problem, warning, type Finding } from './finding.ts'

const LEVEL_WANTED = 'FULL_TRANSITIVE'

export interface SubjectFacts {
  readonly subject: string
  /** Undefined: our schema is not registered there. */
  readonly schemaId: number | undefined
  readonly isCompatible: boolean
  /** Why not, where the registry says. */
  readonly reasons: readonly string[]
  /** The subject's own compatibility; undefined where the registry's default holds. */
  readonly level: string | undefined
}

export function judgeSubject(facts: SubjectFacts, autoRegister: boolean): Finding[] {
  return [judgeRegistration(facts, autoRegister), judgeLevel(facts)]
}

function judgeRegistration(facts: SubjectFacts, autoRegister: boolean): Finding {
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

function judgeLevel({ subject, level }: SubjectFacts): Finding {
  const check = `compatibility of ${subject}`
  if (level === LEVEL_WANTED) return ok(check, level)
  const action = `Set it to ${LEVEL_WANTED}: PUT /config/${subject} at the registry. The service does so at start where there is none.`
  if (level === undefined) return warning(check, 'has none of its own', action)
  return warning(check, `${level}: not every consumer can read every event`, action)
}
