import {
  AclOperations,
  AclPermissionTypes,
  createAclsV3,
  ResourcePatternTypes,
  ResourceTypes,
  type ResourceTypeValue,
} from '@platformatic/kafka'
import { clusterOf } from './raw-records.ts'

/** The broker checks rights. On a resource without any rule everybody may do everything. */
export const WITH_AUTHORIZER: Readonly<Record<string, string>> = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'allow.everyone.if.no.acl.found': 'true',
}

/** Kafka's name of the one cluster. */
const CLUSTER_NAME = 'kafka-cluster'

/** As kafka-acls.sh names them, in capitals. */
export type TopicRight = 'READ' | 'WRITE' | 'DESCRIBE' | 'DESCRIBE_CONFIGS' | 'CREATE'

/** From now on clients that do not authenticate have these rights on the topic, and no others. */
export function allowOnly(
  bootstrapServers: string,
  topic: string,
  rights: readonly TopicRight[],
): Promise<void> {
  return allow(bootstrapServers, ResourceTypes.TOPIC, topic, rights)
}

/** From now on a topic can be created only by a right on it. The broker keeps what it needs itself. */
export function forbidCreation(bootstrapServers: string): Promise<void> {
  const needed = ['CLUSTER_ACTION', 'ALTER', 'DESCRIBE'] as const
  return allow(bootstrapServers, ResourceTypes.CLUSTER, CLUSTER_NAME, needed)
}

async function allow(
  bootstrapServers: string,
  resourceType: ResourceTypeValue,
  resourceName: string,
  rights: ReadonlyArray<keyof typeof AclOperations>,
): Promise<void> {
  await clusterOf(bootstrapServers, resourceName).askAnyBroker(async (connection) => {
    const creations = rights.map((right) => ({
      resourceType,
      resourceName,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: 'User:ANONYMOUS',
      host: '*',
      operation: AclOperations[right],
      permissionType: AclPermissionTypes.ALLOW,
    }))
    await createAclsV3.api.async(connection, creations)
  })
}
