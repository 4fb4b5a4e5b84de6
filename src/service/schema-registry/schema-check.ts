import avro from 'avsc'
import type { RegistryClient } from './client.ts'
import type { SubjectSchema } from './schema-registration.ts'

/** A version of a subject, and whether the schema may stand beside it. */
export interface VersionCheck {
  readonly version: number
  readonly schemaId: number
  readonly isCompatible: boolean
  /** Of an incompatible one, one line each, for people. */
  readonly reasons: readonly string[]
}

export interface SubjectCheck {
  readonly subject: string
  /** The subject's own level; undefined where the registry's default holds. */
  readonly level: string | undefined
  readonly versions: readonly VersionCheck[]
}

type Client = Pick<
  RegistryClient,
  'listVersions' | 'schemaOfVersion' | 'checkVersion' | 'getSubjectCompatibility'
>

/**
 * Asks the registry about every version of the subject, not only the latest: the topic holds events of
 * all of them. The verdict is the registry's; where it has no words for it, Avro's own rules have. On a
 * subject without a level of its own, which the service will give it, both directions have to hold.
 * Rejects with RegistryError.
 */
export async function checkSchema(
  client: Client,
  { subject, schema }: SubjectSchema,
): Promise<SubjectCheck> {
  const level = await client.getSubjectCompatibility(subject)
  const versions: VersionCheck[] = []
  for (const version of await client.listVersions(subject)) {
    const registered = await client.schemaOfVersion(subject, version)
    const asked = await client.checkVersion(subject, version, schema)
    const { schemaId, text } = registered
    const unread = explainIncompatibility(schema, text)
    const isCompatible = asked.isCompatible && (level !== undefined || unread.length === 0)
    const reasons = isCompatible ? [] : [...unread, ...asked.reasons]
    versions.push({ version, schemaId, isCompatible, reasons })
  }
  return { subject, level, versions }
}

/** What one of the two cannot read of the other, by the rules of Avro's schema resolution. */
export function explainIncompatibility(ours: string, registered: string): readonly string[] {
  const types = [ours, registered].map((text) =>
    avro.Type.forSchema(JSON.parse(text) as avro.Schema),
  )
  const [ourType, registeredType] = types
  if (ourType === undefined || registeredType === undefined) return []
  return [
    ...explainReading(
      ourType,
      registeredType,
      'readers with this schema, of events of that version',
    ),
    ...explainReading(
      registeredType,
      ourType,
      'readers of that version, of events with this schema',
    ),
  ]
}

function explainReading(reader: avro.Type, writer: avro.Type, who: string): readonly string[] {
  try {
    reader.createResolver(writer)
    return []
  } catch (error) {
    return [`${who}: ${inWords(error instanceof Error ? error.message : String(error))}`]
  }
}

/** avsc's own words for the most common reason are hard to read. */
function inWords(message: string): string {
  return message.replace(
    /^no matching field for default-less (.+)$/,
    'the field $1 is missing there, and has no default',
  )
}
