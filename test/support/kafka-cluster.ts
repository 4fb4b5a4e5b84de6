import { newClusterId } from '../../dev-services/kafka.ts'
import { findFreePort } from '../../dev-services/ports.ts'
import { startTestBroker, type TestBroker } from './kafka-broker.ts'
import { startKafkaProxy, type KafkaProxy } from './kafka-proxy.ts'
import { createClusterSecurity, type ClusterSecurity } from './secured-cluster.ts'

/** A broker with three doors: one for the test, one for services, and one that leads through a proxy. */
export interface ClusterBroker extends TestBroker {
  readonly nodeId: number
  readonly proxy: KafkaProxy
}

/** Brokers of its own for a test that breaks them; each is a controller as well. */
export interface TestCluster {
  readonly brokers: readonly ClusterBroker[]
  /** Past the proxies, in plain text: for a test that wants to see the truth, whatever the proxies do. */
  readonly bootstrapServers: string
  /** Past the proxies too, as services get in. */
  readonly directServers: string
  /** Through the proxies, and so are all addresses that are learned there. */
  readonly proxiedServers: string
  /** How a service gets in; none where everybody does. */
  readonly access: Readonly<Record<string, string>>
  /** Idempotent. */
  close(): Promise<void>
}

interface Ports {
  readonly nodeId: number
  readonly port: number
  readonly controllerPort: number
  readonly directPort: number
  /** Where the broker listens for its proxy. */
  readonly behindProxyPort: number
  readonly proxyPort: number
}

/** `isSecured`: services get in by TLS and SCRAM; the brokers among themselves and the test do not. */
export async function startTestCluster(
  count: 1 | 3,
  { isSecured = false } = {},
): Promise<TestCluster> {
  const members: Ports[] = []
  for (let nodeId = 1; nodeId <= count; nodeId += 1) members.push(await findPorts(nodeId))
  const clusterId = newClusterId()
  await using resources = new AsyncDisposableStack()
  const security = isSecured ? await createClusterSecurity() : undefined
  resources.defer(async () => security?.close())
  // Together, because none of them answers before most of them are there.
  const starting = members.map((ports) =>
    startMember(ports, { members, clusterId, security }, resources),
  )
  const settled = await Promise.allSettled(starting)
  const failed = settled.find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
  const brokers = await Promise.all(starting)
  const owned = resources.move()
  return {
    brokers,
    bootstrapServers: brokers.map(({ bootstrapServers }) => bootstrapServers).join(','),
    directServers: members.map(({ directPort }) => `localhost:${directPort}`).join(','),
    proxiedServers: brokers.map(({ proxy }) => `127.0.0.1:${proxy.port}`).join(','),
    access: security?.settings ?? {},
    close: () => owned.disposeAsync(),
  }
}

async function findPorts(nodeId: number): Promise<Ports> {
  return {
    nodeId,
    port: await findFreePort(),
    controllerPort: await findFreePort(),
    directPort: await findFreePort(),
    behindProxyPort: await findFreePort(),
    proxyPort: await findFreePort(),
  }
}

interface Plan {
  readonly members: readonly Ports[]
  readonly clusterId: string
  readonly security: ClusterSecurity | undefined
}

async function startMember(
  ports: Ports,
  { members, clusterId, security }: Plan,
  resources: AsyncDisposableStack,
): Promise<ClusterBroker> {
  const { nodeId, port, controllerPort, behindProxyPort, proxyPort } = ports
  const proxy = await startKafkaProxy(proxyPort, behindProxyPort, security?.certificate)
  resources.defer(() => proxy.close())
  const voters = members.map((member) => `${member.nodeId}@localhost:${member.controllerPort}`)
  const broker = await startTestBroker({
    port,
    controllerPort,
    clusterId,
    properties: {
      'node.id': String(nodeId),
      'controller.quorum.voters': voters.join(','),
      ...listenersOf(ports, security !== undefined),
      ...(members.length > 1 && {
        'default.replication.factor': String(members.length),
        'min.insync.replicas': '2',
      }),
      ...security?.properties,
    },
    ...(security && { formatArguments: security.formatArguments }),
  })
  resources.defer(() => broker.close())
  return { ...broker, nodeId, proxy }
}

function listenersOf(ports: Ports, isSecured: boolean): Record<string, string> {
  const { port, controllerPort, directPort, behindProxyPort, proxyPort } = ports
  const [direct, proxied] = isSecured ? ['SASL_SSL', 'SASL_PLAINTEXT'] : ['PLAINTEXT', 'PLAINTEXT']
  const both = `PLAINTEXT://localhost:${port},DIRECT://localhost:${directPort}`
  return {
    listeners: `${both},CONTROLLER://localhost:${controllerPort},PROXIED://127.0.0.1:${behindProxyPort}`,
    'advertised.listeners': `${both},PROXIED://127.0.0.1:${proxyPort}`,
    'listener.security.protocol.map': `PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,DIRECT:${direct},PROXIED:${proxied}`,
    'inter.broker.listener.name': 'PLAINTEXT',
  }
}
