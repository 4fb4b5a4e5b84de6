import { shellWord } from '../shell-word.ts'
import type { RegistryAuth, SetLevelCommand, TopicCommands } from './judges/commands.ts'

/** Commands for a person to paste: whole, with the addresses and files that the service is set to. */

/** How the service signs in at the brokers. */
export interface BrokerAccess {
  readonly tls?: { readonly certificateFile?: string | undefined } | undefined
  readonly sasl?: { readonly mechanism: string; readonly username?: string } | undefined
}

/** By Kafka's own scripts; what `npm run dev` downloads has them as classes (docs/how-to/see-messages.md). */
export function topicCommands(
  brokers: ReadonlyArray<{ readonly host: string; readonly port: number }>,
  access: BrokerAccess,
  topic: string,
): TopicCommands {
  const servers = brokers
    .map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
    .join(',')
  // The service must not have the rights for this, so somebody else's settings are needed.
  const isPlain = access.tls === undefined && access.sasl === undefined
  const at = `--bootstrap-server ${servers}${isPlain ? '' : ' --command-config admin.properties'}`
  return {
    allow(operations) {
      const options = operations.map((operation) => `--operation ${operation}`).join(' ')
      return `kafka-acls.sh ${at} --add --allow-principal ${principalOf(access)} ${options} --topic ${topic}`
    },
    alter: (setting) => `kafka-configs.sh ${at} --alter --topic ${topic} --add-config ${setting}`,
  }
}

/** Only the brokers know whom they see in a certificate or a token: the shell has to be told. */
function principalOf({ tls, sasl }: BrokerAccess): string {
  if (sasl?.username !== undefined) return shellWord(`User:${sasl.username}`)
  const isNamed = sasl !== undefined || tls?.certificateFile !== undefined
  return isNamed ? '"User:$KAFKA_PRINCIPAL"' : 'User:ANONYMOUS'
}

/** What the service shows the registry, and by which files it knows it. */
export interface RegistryAccess {
  readonly url: string
  readonly auth: RegistryAuth
  readonly tls?: {
    readonly caFile?: string | undefined
    readonly certificateFile?: string | undefined
    readonly keyFile?: string | undefined
  }
}

/** No secret is printed: the shell has it. */
const CREDENTIALS = {
  none: '',
  basic: ' -u "$SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO"',
  bearer: ' -H "authorization: Bearer $SCHEMA_REGISTRY_BEARER_AUTH_TOKEN"',
  oauth: ' -H "authorization: Bearer $SCHEMA_REGISTRY_BEARER_AUTH_TOKEN"',
} as const

export function setLevelCommand({ url, auth, tls }: RegistryAccess): SetLevelCommand {
  const files = [
    ['--cacert', tls?.caFile],
    ['--cert', tls?.certificateFile],
    ['--key', tls?.keyFile],
  ].flatMap(([option, path]) => (path === undefined ? [] : ` ${option} ${shellWord(path)}`))
  const options = CREDENTIALS[auth] + files.join('')
  return (subject, level) =>
    `curl -X PUT${options} '${url}/config/${encodeURIComponent(subject)}' -H 'content-type: application/vnd.schemaregistry.v1+json' -d '{"compatibility":"${level}"}'`
}
