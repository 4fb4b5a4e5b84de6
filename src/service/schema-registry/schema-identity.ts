import avro from 'avsc'
import type { RegistryClient } from './client.ts'

/**
 * The content of an id that a registry once gave to our schema.
 * `ours`: our schema. `lost`: nothing. `taken`: another schema, so the registry has begun to number
 * anew; what is written with the id is read as something else.
 */
export type FateOfId = 'ours' | 'lost' | 'taken'

/**
 * By the content of the id, and not by the subjects that have it: a registry that numbered anew may
 * have given the id to another schema of the same subject. Rejects with RegistryError.
 */
export async function findFateOfId(
  client: Pick<RegistryClient, 'schemaById'>,
  schemaId: number,
  schema: string,
): Promise<FateOfId> {
  const found = await client.schemaById(schemaId)
  if (found === undefined) return 'lost'
  const isOurs =
    found.schemaType === 'AVRO' && !found.hasReferences && isSameSchema(found.text, schema)
  return isOurs ? 'ours' : 'taken'
}

/** In Avro's canonical form: registries lay schemas out anew, and some leave the docs out. */
function isSameSchema(one: string, other: string): boolean {
  try {
    return typeOf(one).equals(typeOf(other))
  } catch {
    return false
  }
}

function typeOf(schema: string): avro.Type {
  return avro.Type.forSchema(JSON.parse(schema) as avro.Schema)
}
