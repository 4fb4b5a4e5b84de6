import { createRegistry } from '../../compose-clients.ts'
import type { Config } from '../../config/config.ts'
import { listSubjectSchemas } from '../../service/schema-registry/event-encoder.ts'
import { checkSchema, type SubjectCheck } from '../../service/schema-registry/schema-check.ts'

/**
 * Asks the registry whether the schemas of the working tree may stand beside every registered version.
 * `valueSchema`: the text to check in place of the value's own. Rejects with a sentence.
 */
export async function checkSchemas(
  config: Config,
  valueSchema: string | undefined,
): Promise<SubjectCheck[]> {
  const client = createRegistry(config)
  try {
    const checks: SubjectCheck[] = []
    const [value, ...others] = listSubjectSchemas(config.kafkaTopic, config.kafkaKeyFormat)
    if (value === undefined) return checks
    const schema = valueSchema ?? value.schema
    for (const one of [{ ...value, schema }, ...others]) checks.push(await checkSchema(client, one))
    return checks
  } finally {
    client.close()
  }
}
