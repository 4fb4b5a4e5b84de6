/** Commands for a person to paste: whole, with the addresses that the service is set to. */

/** With Kafka's own scripts. The service does not authenticate: brokers call it User:ANONYMOUS. */
export interface TopicCommands {
  readonly allow: (operations: readonly string[]) => string
  readonly alter: (setting: string) => string
}

export function topicCommands(
  brokers: ReadonlyArray<{ readonly host: string; readonly port: number }>,
  topic: string,
): TopicCommands {
  const servers = brokers
    .map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
    .join(',')
  return {
    allow(operations) {
      const options = operations.map((operation) => `--operation ${operation}`).join(' ')
      return `kafka-acls.sh --bootstrap-server ${servers} --add --allow-principal User:ANONYMOUS ${options} --topic ${topic}`
    },
    alter: (setting) =>
      `kafka-configs.sh --bootstrap-server ${servers} --alter --topic ${topic} --add-config ${setting}`,
  }
}

/** Sets the compatibility level of a subject. A secret is not printed: the shell has it. */
export type SetLevelCommand = (subject: string, level: string) => string

export function setLevelCommand(registryUrl: string, isAuthenticated: boolean): SetLevelCommand {
  const user = isAuthenticated ? ' -u "$SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO"' : ''
  return (subject, level) =>
    `curl -X PUT${user} '${registryUrl}/config/${encodeURIComponent(subject)}' -H 'content-type: application/vnd.schemaregistry.v1+json' -d '{"compatibility":"${level}"}'`
}
